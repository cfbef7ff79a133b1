/**
 * Byte-pair encoding as the file {@code tokenizer.json} describes it: normalise, cut into pieces,
 * merge, frame with special tokens; and the way back.
 *
 * <p>Internal to {@link org.sparklora.text}: everybody else uses {@link
 * org.sparklora.text.Tokenizer}.
 */
package org.sparklora.text.bpe;
