/**
 * Reads the flags of tables, and the file of {@code --datasets}: {@link
 * org.sparklora.prep.settings.PrepSettings} makes the records of {@code prep}, {@code curate} and
 * of the tables that a run needs.
 *
 * <p>Commands and the settings of runs may use it. No Spark.
 */
package org.sparklora.prep.settings;
