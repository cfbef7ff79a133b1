/**
 * What all training runs share: the Spark session, the model to start from, checkpoints and how a
 * run goes on from one, results and the push to the hub.
 *
 * <p>{@code sft}, {@code grpo}, {@code generate}, {@code eval} and the command line may use it; it
 * knows neither kind of training.
 */
package org.sparklora.spark.run;
