/**
 * What a run leaves for people to look at: its curves as a PNG, and pages that compare runs.
 *
 * <p>{@code run} and the command line may use it.
 */
package org.sparklora.spark.report;
