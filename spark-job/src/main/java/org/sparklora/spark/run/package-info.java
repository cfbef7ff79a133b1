/**
 * What all kinds of training share: {@link org.sparklora.spark.run.TrainingRun} owns the network,
 * the log, evaluations, checkpoints, the way back to one, results and their push; a kind of
 * training gives it a {@link org.sparklora.spark.run.TrainingConfig}, and takes the steps. Also the
 * Spark session and the model to start from.
 *
 * <p>{@code sft}, {@code grpo}, {@code generate}, {@code quickstart} and the command line may use
 * it; of a kind of training it knows the name and the files it leaves.
 */
package org.sparklora.spark.run;
