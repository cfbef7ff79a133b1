/**
 * Locates the files of a model or an adapter, and fetches them to the node that reads them.
 *
 * <p>{@code data-prep} and {@code spark-job} depend on this package; it depends on Hadoop's file
 * systems, {@code hub}, {@code pipeline.config} and {@code pipeline.run}, not on Spark.
 */
package org.sparklora.pipeline.model;
