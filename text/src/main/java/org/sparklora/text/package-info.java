/**
 * Turns conversations into tokens and back, exactly as transformers does: the tokenizer of {@code
 * tokenizer.json} and the chat template of a checkpoint folder.
 *
 * <p>Uses no tensors. {@code model}, {@code data-prep}, {@code train}, {@code spark-job} use it.
 */
package org.sparklora.text;
