/**
 * Turns an example into tokens and labels as TRL's SFTTrainer does, and a problem into a prompt as
 * its GRPOTrainer does: rendering, tokenizing, masking.
 *
 * <p>May be used by {@code org.sparklora.prep} only; depends on {@code text}, {@code prep.format}
 * and {@code prep.source}. No Spark.
 */
package org.sparklora.prep.tokenize;
