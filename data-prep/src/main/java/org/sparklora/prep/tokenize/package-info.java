/**
 * Turns an example into tokens and labels as TRL's SFTTrainer does: rendering, tokenizing, masking,
 * truncating.
 *
 * <p>May be used by {@code org.sparklora.prep} only; depends on {@code text} and {@code
 * prep.source}. No Spark.
 */
package org.sparklora.prep.tokenize;
