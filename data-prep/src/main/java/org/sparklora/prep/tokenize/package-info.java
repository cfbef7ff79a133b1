/**
 * Turns an example into tokens and labels as TRL's SFTTrainer does, and a problem into a prompt as
 * its GRPOTrainer does: rendering, tokenizing, masking.
 *
 * <p>May be used by {@code org.sparklora.prep} and its packages, and by the command line; depends
 * on {@code text}, {@code prep.format}, {@code prep.source} and {@code pipeline.table}. No Spark.
 */
package org.sparklora.prep.tokenize;
