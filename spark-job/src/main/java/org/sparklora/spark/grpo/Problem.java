package org.sparklora.spark.grpo;

import java.util.Map;
import java.util.Optional;

/**
 * A prompt and what its completions are judged by.
 *
 * @param tokens of the prompt, rendered; read-only and not copied
 * @param solution the reference answer, if the dataset has one
 * @param columns the row's texts, for rewards that look at more
 */
record Problem(int[] tokens, Optional<String> solution, Map<String, String> columns) {}
