/**
 * Draws the curves of a run as a PNG, and makes pages that compare runs.
 *
 * <p>{@code run} and the command line may use it.
 */
package org.sparklora.observe.report;
