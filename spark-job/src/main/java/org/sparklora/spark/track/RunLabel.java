package org.sparklora.spark.track;

import java.util.Map;

/**
 * What trackers know of a run besides its rows.
 *
 * @param id unique, 32 hexadecimal digits
 * @param name for people; several runs may share it
 * @param settings the run's, by name
 */
public record RunLabel(String id, String name, Map<String, Object> settings) {}
