/**
 * Checks that a run is reproducible: compares its logged metrics with a recorded {@link
 * org.sparklora.observe.verify.Baseline}.
 *
 * <p>The command line may use this package.
 */
package org.sparklora.observe.verify;
