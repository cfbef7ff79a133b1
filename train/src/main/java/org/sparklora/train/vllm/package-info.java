/**
 * Servers of vLLM as the generators of completions: workers are clients of its OpenAI-compatible
 * API, and the trained adapter reaches the servers as a folder that they load while they run.
 *
 * <p>No class here computes a model. {@code train.grpo} does not depend on this package, which is
 * the only one of this module that uses {@code hub}, for HTTP.
 */
package org.sparklora.train.vllm;
