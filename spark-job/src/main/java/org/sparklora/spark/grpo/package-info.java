/**
 * Group-relative policy optimisation: rounds of completions that are drawn, judged and trained on.
 *
 * <p>{@code eval} shares its judging stage; the command line depends on it.
 */
package org.sparklora.spark.grpo;
