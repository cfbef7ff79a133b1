/**
 * Datasets become packed rows or prompts: the flags of that, and tables that are made when a run
 * needs them.
 *
 * <p>Commands and runs may use it; it knows no training.
 */
package org.sparklora.spark.prep;
