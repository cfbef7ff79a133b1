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

  private static final String GZIP = ".gz";

  /** The file extensions that are read, for messages. */
  static final String EXTENSIONS =
      ".parquet, .jsonl, .json, .ndjson, .csv, .tsv, and all but .parquet also with .gz";

  /** The format of a file of that name; empty if its extension is unknown. */
  public static Optional<FileFormat> of(String fileName) {
    String name = fileName.toLowerCase(Locale.ROOT);
    boolean gzip = name.endsWith(GZIP);
    if (gzip) {
      name = name.substring(0, name.length() - GZIP.length());
    }
    if (name.endsWith(".parquet")) {
      return gzip ? Optional.empty() : Optional.of(PARQUET);
    }
    if (name.endsWith(".jsonl") || name.endsWith(".json") || name.endsWith(".ndjson")) {
      return Optional.of(JSON);
    }
    if (name.endsWith(".csv")) {
      return Optional.of(CSV);
    }
    return name.endsWith(".tsv") ? Optional.of(TSV) : Optional.empty();
  }

  /** Whether the name is that of a data file in a compression that is not read. */
  static boolean isCompressedOtherwise(String fileName) {
    String plain = fileName.replaceFirst("(?i)\\.(gz|bz2|xz|zst|zstd|lz4|snappy|zip)$", "");
    return of(fileName).isEmpty() && of(plain).isPresent();
  }

  static boolean isGzip(String fileName) {
    return fileName.toLowerCase(Locale.ROOT).endsWith(GZIP);
  }
}
