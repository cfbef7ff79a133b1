package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CancellationException;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.run.ScratchPlace;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.pipeline.table.PackedSequenceTable;
import org.sparklora.pipeline.table.PackedSequenceWriter;
import org.sparklora.pipeline.table.TableException;

/**
 * A process that has not read the table finds the driver's rows in it, or says that it does not.
 */
class TrainingRowsTest {
  /** Beyond what a float32 holds exactly. */
  private static final int LARGE_ID = (1 << 24) + 1;

  private final Configuration hadoop = HadoopSettings.configuration();
  @TempDir private Path folder;
  private TrainingRows elsewhere;

  @BeforeEach
  void readOnTheDriverAndSend() throws IOException, ClassNotFoundException {
    write(0, row(7, LARGE_ID, 9));
    write(1, row(1, 2), row(3, 4, 5));
    TrainingRows rows =
        TrainingRows.of(hadoop, PackedSequenceTable.open(hadoop, folder.toString()), 1 << 25);
    assertThat(rows.count()).isEqualTo(3);
    assertThat(rows.targetTokens(List.of(new int[] {0, 1}, new int[] {2}))).isEqualTo(2 + 1 + 2);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(rows);
    }
    rows.close(); // from now on this process knows as little as another
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      elsewhere = (TrainingRows) in.readObject();
    }
  }

  private static PackedSequence row(int... tokens) {
    return new PackedSequence(tokens, tokens, new int[] {tokens.length});
  }

  private void write(int number, PackedSequence... rows) {
    Path file = folder.resolve(PackedSequenceTable.fileName(number, 2));
    try (var writer = PackedSequenceWriter.create(hadoop, file.toString(), false)) {
      for (PackedSequence row : rows) {
        writer.write(row);
      }
    }
  }

  @Test
  void rowsAreTheSameElsewhere() {
    MicroBatch read = elsewhere.microBatch(new int[] {2, 0});

    assertThat(read.rows()).extracting(PackedSequence::tokens).containsExactly(3, 3);
    assertThat(read.rows().get(0).inputIds()).containsExactly(3, 4, 5);
    assertThat(read.rows().get(1).labels()).containsExactly(7, LARGE_ID, 9);
    assertThat(elsewhere.targetTokens(List.of(new int[] {2, 0}))).isEqualTo(4);
    elsewhere.close();
  }

  /** Else workers that take their own steps would drop the same elements. */
  @Test
  void microBatchesAreNumberedOverAllWorkers() {
    TrainingPlan plan = new TrainingPlan(3, 1, 2, 2, 1, 0, RowOrder.SEQUENTIAL, 1);
    List<TrainingPlan.Step> step = plan.steps(0, 1);

    assertThat(elsewhere.ofWorker(0, step))
        .extracting(StepRows::firstMicroBatch)
        .containsExactly(0);
    assertThat(elsewhere.ofWorker(1, step))
        .extracting(StepRows::firstMicroBatch)
        .containsExactly(2); // worker 0 has two
    elsewhere.close();
  }

  @Test
  void aTableThatIsAnotherElsewhereIsRefused() throws IOException {
    Files.delete(folder.resolve(PackedSequenceTable.fileName(1, 2)));
    write(1, row(1, 2), row(3, 4, 6));

    assertThatThrownBy(() -> elsewhere.microBatch(new int[] {0}))
        .isInstanceOf(TableException.class)
        .hasMessageContaining(folder.toString())
        .hasMessageContaining("reads other rows in it than the driver did");
  }

  @Test
  void aTableThatIsNotThereElsewhereIsNamed() throws IOException {
    Files.delete(folder.resolve(PackedSequenceTable.fileName(1, 2)));

    assertThatThrownBy(() -> elsewhere.microBatch(new int[] {0}))
        .isInstanceOf(TableException.class)
        .hasMessageContaining(PackedSequenceTable.fileName(1, 2))
        .hasMessageContaining("the driver could read it");
  }

  /** An executor's thread that is interrupted while it reads closes the file under all others. */
  @Test
  void aCopyThatWasClosedIsMadeAgain() {
    assertThat(elsewhere.count()).isEqualTo(3);
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> elsewhere.microBatch(new int[] {0}));
    assertThat(Thread.interrupted()).isTrue();
    assertThat(elsewhere.microBatch(new int[] {1}).rows().get(0).inputIds()).containsExactly(1, 2);
    elsewhere.close();
  }

  /** The disk is not full, and the table is not damaged. */
  @Test
  void anInterruptWhileRowsAreCopiedIsSaidToBeOne() {
    Thread.currentThread().interrupt();
    assertThatThrownBy(() -> TrainingRows.of(List.of(row(1, 2)), 10))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    elsewhere.close();
  }

  @Test
  void aRunThatEndsLeavesTheRowsToAnotherOfTheSameTable() throws IOException {
    PackedSequenceTable table = PackedSequenceTable.open(hadoop, folder.toString());
    TrainingRows one = TrainingRows.of(hadoop, table, 1 << 25);
    try (TrainingRows another = TrainingRows.of(hadoop, table, 1 << 25)) {
      for (int file = 0; file < 2; file++) { // they are read no more
        Files.delete(folder.resolve(PackedSequenceTable.fileName(file, 2)));
      }
      one.close();
      assertThat(another.microBatch(new int[] {0}).rows()).hasSize(1);
    }
  }

  @Test
  void rowsLieWhereTheSessionsBlocksDoAndAnotherPlaceIsNotTaken() throws IOException {
    Path file = Files.createFile(folder.resolve("file"));
    ScratchPlace.ofSession(file.resolve("scratch").toString());
    try {
      assertThatThrownBy(() -> elsewhere.count())
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("spark.local.dir = %s/scratch".formatted(file));
    } finally {
      ScratchPlace.ofSession("");
    }
  }
}
