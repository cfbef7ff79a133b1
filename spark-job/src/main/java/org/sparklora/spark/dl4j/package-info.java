/**
 * The only package that imports Deeplearning4j: the network of one custom layer, torch's AdamW and
 * Hugging Face's schedules as DL4J classes, the two ways to synchronise executors (parameter
 * averaging, summed gradients), and updates of a policy.
 *
 * <p>{@code run}, {@code sft} and {@code grpo} may use this package.
 */
package org.sparklora.spark.dl4j;
