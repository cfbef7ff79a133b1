/**
 * The interface for programs: what the commands do, on a Spark session that is there. A {@link
 * org.sparklora.api.Request} holds a command's settings by the names of its flags, and {@code
 * DataFrame}s in place of a dataset's path; {@link org.sparklora.api.SparkLora} has a method for
 * each command and answers with a record of what came out.
 *
 * <p>The command line and the Python package are its clients. It may use every package but the
 * command line's; only that depends on it.
 */
package org.sparklora.api;
