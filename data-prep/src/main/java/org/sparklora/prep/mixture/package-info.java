/**
 * The file of {@code --datasets}, from which a {@link org.sparklora.prep.Mixture} is read.
 *
 * <p>Commands that prepare their dataset may use it. No Spark.
 */
package org.sparklora.prep.mixture;
