/**
 * The only package that imports Deeplearning4j: the network of one custom layer, torch's AdamW and
 * Hugging Face's schedules in its terms, and the two ways in which executors are kept in step
 * (parameter averaging, summed gradients).
 *
 * <p>{@code org.sparklora.spark} may use it; nothing else may.
 */
package org.sparklora.spark.dl4j;
