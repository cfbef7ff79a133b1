/**
 * From conversations to tokens and back, exactly as transformers does it: the tokenizer of {@code
 * tokenizer.json} and the chat template of a checkpoint folder.
 *
 * <p>Knows nothing of tensors. {@code model}, {@code data-prep} and {@code spark-job} use it.
 */
package org.sparklora.text;
