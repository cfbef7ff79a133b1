/**
 * The parts that all kinds of training share: {@link org.sparklora.spark.run.TrainingRun} owns the
 * network, the log, evaluations, checkpoints, resuming, results and their push; a kind of training
 * gives it a {@link org.sparklora.spark.run.TrainingConfig}, and takes the steps. The package also
 * opens the Spark session and reads the model to start from.
 *
 * <p>Every package but {@code dl4j}, {@code prep} and {@code workers} may use it; the package knows
 * only the name and the result files of each kind of training.
 */
package org.sparklora.spark.run;
