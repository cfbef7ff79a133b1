/** Runs of TRL that were recorded, read for the tests of this module and of {@code spark-job}. */
package org.sparklora.model.trace;
