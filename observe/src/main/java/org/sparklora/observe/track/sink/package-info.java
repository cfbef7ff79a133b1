/**
 * The interface between a run's log and its trackers: a {@link
 * org.sparklora.observe.track.sink.Sink} shows {@link org.sparklora.observe.track.sink.TrackedRow}s
 * of the run that a {@link org.sparklora.observe.track.sink.RunLabel} names.
 *
 * <p>The packages of trackers and commands that log may use it; it depends on no other package.
 */
package org.sparklora.observe.track.sink;
