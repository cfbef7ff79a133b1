package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.recursive.comparison.RecursiveComparisonConfiguration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.PolicyRow;

class RoundFileTest {
  private static final RecursiveComparisonConfiguration EXACT =
      RecursiveComparisonConfiguration.builder()
          .withEqualsForType(Float::equals, Float.class)
          .build();

  @TempDir Path folder;

  @Test
  void rowsReadBackWithAndWithoutLogProbabilities() throws IOException {
    List<PolicyRow> rows =
        List.of(
            PolicyRow.of(new int[] {1}, new int[] {2, 3}, -Float.MIN_VALUE, true),
            PolicyRow.of(new int[] {1}, new int[] {2, 3}, 0.5f, false)
                .withOld(new float[] {-1, -0.0f})
                .withReference(new float[] {-2, -3})
                .withWeights(new float[] {0, 1.5f}));
    RoundFile.write(folder, Round.trusted(rows, List.of()));

    assertThat(read(Optional.of(folder)).orElseThrow().rows())
        .usingRecursiveFieldByFieldElementComparator(EXACT)
        .isEqualTo(rows);
  }

  @Test
  void withoutCheckpointOrFileThereIsNoRound() throws IOException {
    assertThat(read(Optional.empty())).isEmpty();
    assertThat(read(Optional.of(folder))).isEmpty();
  }

  private static Optional<Round> read(Optional<Path> checkpoint) throws IOException {
    return RoundFile.read(
        new Configuration(false),
        checkpoint.map(path -> new org.apache.hadoop.fs.Path(path.toUri())),
        List::of);
  }
}
