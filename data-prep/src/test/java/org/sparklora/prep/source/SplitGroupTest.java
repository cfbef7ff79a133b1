package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which splits a task reads. */
class SplitGroupTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  private static DatasetFile file(int number, long bytes) {
    return new DatasetFile("file-%04d.csv".formatted(number), bytes, false);
  }

  private static List<DatasetSplit> files(int count, long bytes) {
    return IntStream.range(0, count)
        .<DatasetSplit>mapToObj(number -> new CsvSplit(file(number, bytes)))
        .toList();
  }

  @Test
  void thousandsOfSmallFilesAreSomeTasks() {
    List<DatasetSplit> splits = files(5000, 1000);
    List<SplitGroup> groups = SplitGroup.of(splits);
    assertThat(groups).hasSizeBetween(30, 100);
    assertThat(groups.stream().flatMap(group -> group.splits().stream())).isEqualTo(splits);
  }

  @Test
  void largeFilesAndPartsOfFilesAreATaskEach() {
    DatasetFile large = file(0, 40 << 20);
    List<DatasetSplit> splits = new ArrayList<>(JsonLinesSplit.of(large, 16 << 20));
    splits.add(new CsvSplit(file(1, 30 << 20)));
    splits.add(new CsvSplit(file(2, 100)));
    splits.add(new CsvSplit(file(3, 100)));
    splits.addAll(JsonLinesSplit.of(file(4, 3 << 20), 2 << 20));
    assertThat(SplitGroup.of(splits))
        .extracting(group -> group.splits().size())
        .containsExactly(1, 1, 1, 1, 2, 1, 1);
    assertThat(SplitGroup.of(List.of())).isEmpty();
  }

  @Test
  void rowsOfAGroupKeepTheirOrderAndTheirPlaces() throws IOException {
    for (int number = 0; number < 20; number++) {
      Files.writeString(
          folder.resolve("%02d.csv".formatted(number)), "text\nrow %d\n".formatted(number));
    }
    List<DatasetFile> files = new DatasetFiles(HADOOP).find(folder.toString(), "", "train");
    List<SplitGroup> groups = SplitGroup.of(new DatasetSplits(HADOOP).of(files, problem -> {}));
    List<String> rows = new ArrayList<>();
    groups.forEach(
        group ->
            group.read(
                HADOOP,
                Set.of(),
                row ->
                    rows.add(
                        row.values().get("text")
                            + " of "
                            + row.place().get().replaceFirst("^.*/", ""))));
    assertThat(groups).hasSize(1);
    assertThat(rows)
        .isEqualTo(
            IntStream.range(0, 20)
                .mapToObj(number -> "row %1$d of %1$02d.csv line 2".formatted(number))
                .toList());
  }
}
