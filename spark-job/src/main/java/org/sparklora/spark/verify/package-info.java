/**
 * Tells whether a run can be reproduced: what it logged is compared with a recorded {@link
 * org.sparklora.spark.verify.Baseline}.
 *
 * <p>The command line may use it.
 */
package org.sparklora.spark.verify;
