/**
 * The interface for programs, which runs the commands on an existing Spark session. A {@link
 * org.sparklora.api.Request} holds a command's settings by the names of its flags, and {@code
 * DataFrame}s in place of a dataset's path; {@link org.sparklora.api.SparkLora} has a method for
 * each command that needs a session, except {@code sweep}.
 *
 * <p>The command line and the Python package are its clients. This package may use every package
 * but the command line's; only the command line depends on it.
 */
package org.sparklora.api;
