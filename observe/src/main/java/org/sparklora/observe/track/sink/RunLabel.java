package org.sparklora.observe.track.sink;

import java.util.Map;

/**
 * Identity and settings of a run, for trackers.
 *
 * @param id unique, 32 hexadecimal digits
 * @param name display name; several runs may share it
 */
public record RunLabel(String id, String name, Map<String, Object> settings) {}
