/**
 * Locates the files of a model or an adapter, and fetches them to the node that reads them.
 *
 * <p>Modules that read models may depend on this package; it depends on Hadoop's file systems,
 * {@code hub} and the other packages of {@code pipeline}, not on Spark.
 */
package org.sparklora.pipeline.model;
