/**
 * Sends the log of a run to trackers. {@code metrics.jsonl} of the run's folder is authoritative;
 * {@link org.sparklora.observe.track.TrackedLog} writes it and makes each tracker show exactly its
 * rows: all existing ones at the start of a run, then each new one. The package also raises alerts.
 *
 * <p>Reports and commands that log may use this package. It uses files, a database and {@code
 * mlflow}; only {@code RunMetricsSource} uses Spark's metrics, and no class uses Deeplearning4j.
 */
package org.sparklora.observe.track;
