/**
 * Draws the curves of a run as a PNG, and makes pages that compare runs.
 *
 * <p>{@code run}, {@code sweep} and the command line may use this package.
 */
package org.sparklora.observe.report;
