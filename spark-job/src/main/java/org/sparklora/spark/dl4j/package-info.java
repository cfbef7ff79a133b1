/**
 * The only package that imports Deeplearning4j: the network of one layer that owns the memory of
 * {@link org.sparklora.train.step.TrainedVectors}, and parameter averaging.
 *
 * <p>{@code run}, {@code sft} and {@code grpo} may use this package.
 */
package org.sparklora.spark.dl4j;
