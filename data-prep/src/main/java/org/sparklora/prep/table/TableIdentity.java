package org.sparklora.prep.table;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The table and version that were read: recorded in a manifest, so that a run can be repeated.
 *
 * @param name as the user gave it: a name of the catalogue, or a path
 * @param format such as delta, iceberg, parquet
 * @param location folder of its files; empty if it has none
 * @param id the table's own, if its format has one; else empty
 * @param version Delta Lake's version, Iceberg's snapshot; of other tables a SHA-256 over their
 *     files' paths, sizes and versions, or over their rows if they have no files
 */
record TableIdentity(String name, String format, String location, String id, String version) {

  /** Whether older states of the table can be read. */
  boolean hasVersions() {
    return format.equals(TableFormat.DELTA.word()) || format.equals(TableFormat.ICEBERG.word());
  }

  /** For messages: the name, and the version if the format has versions. */
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
