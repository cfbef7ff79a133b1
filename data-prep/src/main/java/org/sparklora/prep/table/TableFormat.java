package org.sparklora.prep.table;

import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.LowerCase;

/** {@code --dataset_format}: the format in which Spark SQL reads a path. */
public enum TableFormat implements LowerCase {
  DELTA("Delta Lake", "io.delta:delta-spark_2.12:3.3.3", "io.delta.sql.DeltaSparkSessionExtension"),
  ICEBERG(
      "Iceberg",
      "org.apache.iceberg:iceberg-spark-runtime-3.5_2.12:1.10.2",
      "org.apache.iceberg.spark.source.IcebergSource"),
  ORC,
  AVRO(
      "Avro", "org.apache.spark:spark-avro_2.12:3.5.9", "org.apache.spark.sql.avro.AvroFileFormat"),
  TEXT,
  PARQUET,
  JSON,
  CSV;

  private final String title; // in messages
  private final String coordinate; // of the artifact that reads it; empty if Spark itself does
  private final String runtimeClass; // of that artifact

  TableFormat() {
    this("", "", "");
  }

  TableFormat(String title, String coordinate, String runtimeClass) {
    this.title = title;
    this.coordinate = coordinate;
    this.runtimeClass = runtimeClass;
  }

  static TableFormat of(String flag) {
    return valueOf(flag.toUpperCase(Locale.ROOT));
  }

  /** Throws {@link ConfigException} naming the artifact to add, if it is not on the class path. */
  void requireRuntime() {
    if (coordinate.isEmpty()) {
      return;
    }
    try {
      Class.forName(runtimeClass, false, Thread.currentThread().getContextClassLoader());
    } catch (ClassNotFoundException e) {
      throw new ConfigException(
          Flags.DATASET_FORMAT,
          word(),
          "what reads %s is not on the class path; add it with --packages %s"
              .formatted(title, coordinate));
    }
  }

  /** The artifact to add if Spark did not find a class or data source, for messages. */
  static Optional<String> remedy(String problem) {
    String text = problem.toLowerCase(Locale.ROOT);
    boolean missing = text.contains("find") || text.contains("not found");
    return Stream.of(DELTA, ICEBERG, AVRO)
        .filter(format -> missing && text.contains(format.word()))
        .findFirst()
        .map(format -> "--packages " + format.coordinate);
  }

  /** Options of Spark's reader: a malformed row fails the reading, and none is left out. */
  Map<String, String> options() {
    return switch (this) {
      case CSV -> // as RFC 4180 and our own reader: a header row, quotes doubled, all values texts
          Map.of("header", "true", "escape", "\"", "multiLine", "true", "mode", "FAILFAST");
      case JSON -> Map.of("mode", "FAILFAST");
      case DELTA, ICEBERG, ORC, AVRO, TEXT, PARQUET -> Map.of();
    };
  }
}
