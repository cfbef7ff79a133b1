package org.sparklora.prep.source;

import java.util.Locale;
import java.util.Optional;

/** A file format of datasets, recognised by the file's name. */
public enum FileFormat {
  PARQUET,
  /**
   * One JSON object a line; a {@code .json} file that begins with {@code [} is one array of objects
   * instead.
   */
  JSON,
  CSV,
  TSV;

  /** The file extensions that are read, for messages. */
  static final String EXTENSIONS =
      ".parquet, .jsonl, .json, .ndjson, .csv, .tsv, and all but .parquet also with .gz";

  /** The format of a file of that name; empty if its extension is unknown. */
  public static Optional<FileFormat> of(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT);
    String plain = name.replaceFirst("\\.gz$", "");
    return switch (plain.substring(Math.max(0, plain.lastIndexOf('.')))) {
      case ".parquet" -> isGzip(name) ? Optional.empty() : Optional.of(PARQUET);
      case ".jsonl", ".json", ".ndjson" -> Optional.of(JSON);
      case ".csv" -> Optional.of(CSV);
      case ".tsv" -> Optional.of(TSV);
      default -> Optional.empty();
    };
  }

  /** The format of a file's rows, also in a compression that is not read. */
  static Optional<FileFormat> ofRows(String fileName) {
    return of(fileName).or(() -> of(decompressed(fileName)));
  }

  /** The name that a file has when it is decompressed. */
  static String decompressed(String fileName) {
    return fileName.replaceFirst("(?i)\\.(gz|bz2|xz|zst|zstd|lz4|snappy|zip)$", "");
  }

  /** Whether the name is that of a data file in a compression that is not read. */
  static boolean isCompressedOtherwise(String fileName) {
    return of(fileName).isEmpty() && ofRows(fileName).isPresent();
  }

  static boolean isGzip(String fileName) {
    return fileName.toLowerCase(Locale.ROOT).endsWith(".gz");
  }
}
