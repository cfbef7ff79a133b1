/**
 * From an example to tokens and labels: rendering, tokenising, masking, truncating, as TRL's
 * SFTTrainer does it.
 *
 * <p>May be used by {@code org.sparklora.prep} only; depends on {@code text} and {@code
 * prep.source}. No Spark.
 */
package org.sparklora.prep.tokenize;
