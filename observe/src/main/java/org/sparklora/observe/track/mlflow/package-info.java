/**
 * MLflow as a tracker: its REST API, its settings in the environment, and the run of a log on its
 * server. Other packages use {@link org.sparklora.observe.track.mlflow.MlflowConfig}, {@link
 * org.sparklora.observe.track.mlflow.MlflowSink} and {@link
 * org.sparklora.observe.track.mlflow.ParentRun}.
 *
 * <p>Only {@code org.sparklora.observe.track} and commands that log may depend on it.
 */
package org.sparklora.observe.track.mlflow;
