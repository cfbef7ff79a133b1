package org.sparklora.prep;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** What a test of a job that prepares has: a tokenizer, and Spark sessions of several kinds. */
abstract class PrepJobFixture {
  static final String KRYO = "org.apache.spark.serializer.KryoSerializer";
  static final String JAVA = "org.apache.spark.serializer.JavaSerializer";

  @TempDir Path scratch;
  Path tokenizer;

  /** The latest; the next test of the class that wants the same takes it. */
  static SparkSession session;

  @BeforeEach
  void unpackTokenizer() throws IOException {
    tokenizer = Fixtures.tokenizer("tiny", scratch).orElseThrow();
  }

  @AfterAll
  static void stopSpark() {
    if (session != null) {
      session.stop();
      session = null;
    }
  }

  /** The latest session, or one in its place if it has other cores or another serializer. */
  SparkSession spark(int cores, String serializer) {
    String master = "local[%d]".formatted(cores);
    if (session != null
        && session.sparkContext().master().equals(master)
        && session.conf().get("spark.serializer").equals(serializer)) {
      return session;
    }
    stopSpark();
    session =
        SparkSession.builder()
            .master(master)
            .config("spark.ui.enabled", false)
            .config("spark.serializer", serializer)
            .getOrCreate();
    return session;
  }

  /** The bytes of a table by file. */
  Map<String, String> parquetBytes(String out) throws IOException {
    Map<String, String> bytes = new TreeMap<>();
    try (Stream<Path> files = Files.list(scratch.resolve(out))) {
      for (Path file : files.filter(f -> f.toString().endsWith(".parquet")).toList()) {
        bytes.put(
            file.getFileName().toString(), HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
    }
    return bytes;
  }
}
