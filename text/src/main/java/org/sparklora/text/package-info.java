/**
 * Turns conversations into tokens and back, exactly as transformers does: the tokenizer of {@code
 * tokenizer.json} and the chat template of a checkpoint folder.
 *
 * <p>Does not use tensors. {@code model}, {@code data-prep} and {@code spark-job} use it.
 */
package org.sparklora.text;
