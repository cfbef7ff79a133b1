/**
 * What a run leaves for people to look at: its curves as a PNG. Used by {@code
 * org.sparklora.spark}.
 */
package org.sparklora.spark.report;
