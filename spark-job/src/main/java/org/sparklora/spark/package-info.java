/**
 * The command line and the jobs behind it: {@code sft}, {@code prep}, {@code merge}, {@code score},
 * {@code tokenize}. Jobs wire configuration, tables and one call together; what they call lives in
 * {@code train} and {@code dl4j}.
 */
package org.sparklora.spark;
