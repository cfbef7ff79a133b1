/**
 * Tells trackers what a run logs. {@code metrics.jsonl} of the run's folder is the truth; {@link
 * org.sparklora.spark.track.TrackedLog} writes it and makes each tracker show exactly its rows, at
 * the start of a run all that are there and then each new one. Alerts are raised here too.
 *
 * <p>Commands that log may use it. It knows files, a database and MLflow's REST interface, but
 * neither Spark nor Deeplearning4j.
 */
package org.sparklora.spark.track;
