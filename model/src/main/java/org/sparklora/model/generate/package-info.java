/**
 * Completions of prompts: batched decoding with a cache of keys and values. A {@link
 * org.sparklora.model.generate.Generator} runs one decoder over many prompts at once; what comes
 * out depends on the seed and on the prompt's id, not on what was computed together.
 *
 * <p>Knows tokens only; prompts are rendered by {@code org.sparklora.text}.
 */
package org.sparklora.model.generate;
