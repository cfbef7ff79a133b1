package org.sparklora.prep.curate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.example.data.Group;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.PrepConfigs;
import org.sparklora.prep.table.TableQuery;

/** Datasets, settings and results of tests of {@code curate}. */
abstract class CurateFixture {
  static final String KRYO = "org.apache.spark.serializer.KryoSerializer";
  static final String JAVA = "org.apache.spark.serializer.JavaSerializer";
  static final ObjectMapper JSON = new ObjectMapper();

  @TempDir Path scratch;

  /** The latest; the next test of the class that wants the same takes it. */
  private static SparkSession session;

  @AfterAll
  static void stopSpark() {
    if (session != null) {
      session.stop();
      session = null;
    }
  }

  SparkSession spark() {
    return session == null ? spark(2, JAVA) : session;
  }

  SparkSession spark(int cores, String serializer) {
    stopSpark();
    session =
        SparkSession.builder()
            .master("local[%d]".formatted(cores))
            .config("spark.ui.enabled", false)
            .config("spark.sql.shuffle.partitions", 4)
            .config("spark.serializer", serializer)
            .getOrCreate();
    return session;
  }

  /** A file of rows, each of a text. */
  Path texts(String name, List<String> texts) throws IOException {
    return rows(name, texts.stream().map(text -> Map.<String, Object>of("text", text)).toList());
  }

  Path rows(String name, List<Map<String, Object>> rows) throws IOException {
    return Files.write(scratch.resolve(name), rows.stream().map(CurateFixture::json).toList());
  }

  static String json(Object value) {
    try {
      return JSON.writeValueAsString(value);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  /** Steps that are on; the others of {@link CurateConfig.Steps} are not. */
  static CurateConfig.Steps near(double threshold, CurateConfig.Keep keep) {
    return new CurateConfig.Steps("", false, threshold, keep, List.of(), "test");
  }

  static CurateConfig.Steps exact() {
    return new CurateConfig.Steps("", true, 0, CurateConfig.Keep.FIRST, List.of(), "test");
  }

  static CurateConfig.Steps filter(String filter) {
    return new CurateConfig.Steps(filter, false, 0, CurateConfig.Keep.FIRST, List.of(), "test");
  }

  static CurateConfig.Steps against(String evaluationSet) {
    return new CurateConfig.Steps(
        "", false, 0, CurateConfig.Keep.FIRST, List.of(evaluationSet), "test");
  }

  CurateConfig config(Path data, String out, CurateConfig.Steps steps) {
    return config(data, out, steps, OnBadRows.FAIL);
  }

  CurateConfig config(Path data, String out, CurateConfig.Steps steps, OnBadRows onBadRows) {
    PrepConfig.Source source = PrepConfigs.source(data.toString(), onBadRows, TableQuery.NONE);
    return new CurateConfig(
        source, steps, "", Optional.empty(), scratch.resolve(out).toString(), false);
  }

  /** Rows of {@code data} or {@code removed}, in order. */
  <T> List<T> read(String folder, Function<Group, T> value) throws IOException {
    List<T> rows = new ArrayList<>();
    for (Path file : files(folder)) {
      rows.addAll(RowFile.read(new Configuration(), file.toUri().toString(), "curate", value));
    }
    return rows;
  }

  List<Path> files(String folder) throws IOException {
    try (Stream<Path> files = Files.list(scratch.resolve(folder))) {
      return files.filter(file -> file.toString().endsWith(".parquet")).sorted().toList();
    }
  }

  List<String> texts(String folder) throws IOException {
    return read(folder, row -> row.getString("text", 0));
  }

  /** Removed rows as "row step reason collides_with_dataset:collides_with_row"; empty for null. */
  List<String> removed(String out) throws IOException {
    return read(
        out + "/removed",
        row ->
            "%s %s %s %s:%s"
                .formatted(
                    row.getLong("row", 0),
                    row.getString("step", 0),
                    row.getString("reason", 0),
                    cell(row, "collides_with_dataset"),
                    cell(row, "collides_with_row")));
  }

  static String cell(Group row, String column) {
    return row.getFieldRepetitionCount(column) == 0
        ? ""
        : row.getValueToString(row.getType().getFieldIndex(column), 0);
  }

  /** The bytes of all tables, by file. */
  Map<String, String> bytes(String out) throws IOException {
    Map<String, String> bytes = new TreeMap<>();
    for (String folder : List.of("data", "removed")) {
      for (Path file : files(out + "/" + folder)) {
        bytes.put(
            folder + "/" + file.getFileName(), HexFormat.of().formatHex(Files.readAllBytes(file)));
      }
    }
    return bytes;
  }
}
