/**
 * Byte-pair encoding as the file {@code tokenizer.json} describes it: normalise, cut into pieces,
 * merge, frame with special tokens; and decoding.
 *
 * <p>Internal to {@link org.sparklora.text}: other packages use {@link
 * org.sparklora.text.Tokenizer}.
 */
package org.sparklora.text.bpe;
