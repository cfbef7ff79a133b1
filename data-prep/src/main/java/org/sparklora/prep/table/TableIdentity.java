package org.sparklora.prep.table;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * Which table was read, at which version: what a manifest keeps, so that a run can be repeated.
 *
 * @param name as the user calls it: a name of the catalogue, or a path
 * @param format such as delta, iceberg, parquet
 * @param location where its files lie; empty where it has none
 * @param id the table's own, where its format gives it one; empty otherwise
 * @param version Delta Lake's version, Iceberg's snapshot; of other tables a SHA-256 over their
 *     files' paths, sizes and versions, or over their rows where they have no files
 */
record TableIdentity(String name, String format, String location, String id, String version) {

  /** For messages: the name, and the version where the format has any. */
  String label() {
    return switch (format) {
      case "delta" -> "%s version %s".formatted(name, version);
      case "iceberg" -> "%s snapshot %s".formatted(name, version);
      default -> name;
    };
  }

  /** For the manifest. */
  Map<String, Object> toMap() {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("name", name);
    map.put("format", format);
    map.put("location", location);
    map.put("id", id);
    map.put("version", version);
    return map;
  }
}
