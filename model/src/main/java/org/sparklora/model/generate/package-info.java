/**
 * Completions of prompts: batched decoding with a cache of keys and values. A {@link
 * org.sparklora.model.generate.Generator} runs one decoder over many prompts at once; completions
 * depend on the prompt, its id and the seed, not on the other prompts of the batch.
 *
 * <p>The package handles tokens only; {@code org.sparklora.text} renders prompts.
 */
package org.sparklora.model.generate;
