/**
 * Documents between the two stages of the job: their file format, their counts, and which of them
 * are packed together.
 *
 * <p>May be used by {@code org.sparklora.prep} only; depends on Hadoop's file systems. No Spark.
 */
package org.sparklora.prep.document;
