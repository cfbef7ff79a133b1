/**
 * Documents between the two stages of the job: their file format, their counts, and which of them
 * are packed together.
 *
 * <p>May be used by {@code org.sparklora.prep} and {@code prep.curate}; depends on {@code
 * prep.format} for documents, {@code prep.source} for bad rows, {@code pipeline.table} and Hadoop's
 * file systems. No Spark.
 */
package org.sparklora.prep.document;
