package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * Whether two folders hold the same run: the same files, hidden ones too, in them the same bytes of
 * weights, the same tables and the same log, but for what tells of machines and clocks. {@code
 * ci/same_run.py} has the same rule.
 */
public final class SameRun {
  private static final byte[] PARQUET = "PAR1".getBytes(StandardCharsets.US_ASCII);

  private SameRun() {}

  /**
   * Fails at the first difference, which it names.
   *
   * @param without folders in them that are not compared
   */
  public static void assertSame(Path actual, Path expected, String... without) throws IOException {
    SortedSet<String> names = files(actual, without);
    assertThat(names).isEqualTo(files(expected, without));
    assertThat(names).anyMatch(name -> name.matches(".*\\.(safetensors|parquet)"));
    for (String name : names) {
      Path one = actual.resolve(name);
      Path other = expected.resolve(name);
      if (name.endsWith(".safetensors")) {
        assertThat(one).hasSameBinaryContentAs(other);
      } else if (name.endsWith(".parquet")) {
        assertThat(parquet(one)).as("%s, as %s", one, other).isEqualTo(parquet(other));
      } else if (one.endsWith("trainer_state.json")) {
        assertThat(run(one).history()).as(one.toString()).isEqualTo(run(other).history());
      } else if (one.endsWith("metrics.jsonl")) {
        assertThat(wholeLog(one)).as(one.toString()).isEqualTo(wholeLog(other));
      }
    }
  }

  /** Of all files below a folder, the names; but for trackers' files, which bear the time. */
  private static SortedSet<String> files(Path folder, String... without) throws IOException {
    SortedSet<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .filter(Files::isRegularFile)
          .map(folder::relativize)
          .filter(file -> !file.startsWith("runs"))
          .filter(file -> Stream.of(without).noneMatch(file::startsWith))
          .forEach(file -> names.add(file.toString()));
    }
    return names;
  }

  /**
   * Rows and footer. The footer lists a column's encodings in an order that Parquet takes from the
   * JVM's hash codes: it is sorted here.
   */
  private static byte[] parquet(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    int end = bytes.length - PARQUET.length - Integer.BYTES;
    assertThat(bytes).as(file.toString()).startsWith(PARQUET).endsWith(PARQUET);
    int footer = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(end);
    Arrays.sort(bytes, end - footer, end);
    return bytes;
  }

  private static List<String> wholeLog(Path file) throws IOException {
    String text = Files.readString(file);
    assertThat(text.isEmpty() || text.endsWith("\n"))
        .as("%s ends with a whole line", file)
        .isTrue();
    LoggedRun run = run(file);
    // a row that was taken from a checkpoint has none
    assertThat(
            run.metricRows().stream()
                .filter(row -> row.has("run_id"))
                .map(row -> row.get("run_id"))
                .distinct()
                .count())
        .as("%s holds rows of one run", file)
        .isLessThanOrEqualTo(1);
    return run.metrics();
  }

  private static LoggedRun run(Path file) {
    return new SftRun(file.getParent(), List.of());
  }
}
