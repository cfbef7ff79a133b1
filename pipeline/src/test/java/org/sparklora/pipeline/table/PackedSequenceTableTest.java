package org.sparklora.pipeline.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.io.Input;
import com.esotericsoftware.kryo.io.Output;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

class PackedSequenceTableTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  private static PackedSequence row(int seed) {
    Random random = new Random(seed);
    int[] lengths = random.ints(1 + random.nextInt(4), 1, 300).toArray();
    int[] ids = random.ints(IntStream.of(lengths).sum(), 0, 150_000).toArray();
    int[] labels =
        Arrays.stream(ids).map(id -> random.nextBoolean() ? id : PackedSequence.NO_LOSS).toArray();
    return new PackedSequence(ids, labels, lengths);
  }

  private void write(String name, List<PackedSequence> rows) {
    try (var writer = PackedSequenceWriter.create(HADOOP, folder.resolve(name).toString(), false)) {
      rows.forEach(writer::write);
    }
  }

  private PackedSequenceTable open() {
    return PackedSequenceTable.open(HADOOP, folder.toString());
  }

  private static String text(PackedSequence row) {
    return Arrays.toString(row.inputIds())
        + Arrays.toString(row.labels())
        + Arrays.toString(row.seqLengths());
  }

  @Test
  void readsWhatWasWrittenInOrderOverFiles() {
    List<PackedSequence> rows =
        IntStream.range(0, 300).mapToObj(PackedSequenceTableTest::row).toList();
    write(PackedSequenceTable.fileName(1, 2), rows.subList(200, 300));
    write(PackedSequenceTable.fileName(0, 2), rows.subList(0, 200));
    PackedSequenceTable table = open();
    assertThat(table.rowCount()).isEqualTo(300);
    assertThat(table.readAll().stream().map(PackedSequenceTableTest::text))
        .isEqualTo(rows.stream().map(PackedSequenceTableTest::text).toList());
  }

  @Test
  void keepsAnEmptyRow() {
    write(
        "train-00000-of-00001.parquet",
        List.of(new PackedSequence(new int[0], new int[0], new int[0])));
    assertThat(open().readAll())
        .singleElement()
        .satisfies(row -> assertThat(row.tokens()).isZero());
  }

  @Test
  void saysWhichRowOfADamagedFileCannotBeRead() throws IOException {
    write(
        "train-00000-of-00001.parquet",
        IntStream.range(0, 300).mapToObj(PackedSequenceTableTest::row).toList());
    Path file = folder.resolve("train-00000-of-00001.parquet");
    byte[] bytes = Files.readAllBytes(file);
    Arrays.fill(bytes, 100, 2000, (byte) 0x33);
    Files.write(file, bytes);
    Files.deleteIfExists(folder.resolve(".train-00000-of-00001.parquet.crc"));
    assertThatThrownBy(() -> open().readAll())
        .isInstanceOf(TableException.class)
        .hasMessageContaining("train-00000-of-00001.parquet, row 1")
        .hasMessageContaining("run prep again");
  }

  @Test
  void refusesAFolderWithoutTable() {
    assertThatThrownBy(this::open)
        .isInstanceOf(TableException.class)
        .hasMessageContaining("no Parquet file");
  }

  @Test
  void refusesRowsThatContradictThemselves() {
    assertThatThrownBy(() -> new PackedSequence(new int[] {1, 2}, new int[] {1}, new int[] {2}))
        .isInstanceOf(TableException.class)
        .hasMessage(
            "Cannot read packed row: labels has 1 entries for 2 input_ids; the table was cut or edited, run prep again");
    assertThatThrownBy(() -> new PackedSequence(new int[] {1, 2}, new int[] {1, 2}, new int[] {1}))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("adds up to 1 for 2");
  }

  @Test
  void countsTargetsWithoutEachDocumentsFirstToken() {
    int[] ids = {1, 2, 3, 4, 5};
    assertThat(new PackedSequence(ids, new int[] {1, 2, -100, 4, 5}, new int[] {3, 2}).targets())
        .isEqualTo(2);
  }

  @Test
  void survivesJavasSerialiser() throws IOException, ClassNotFoundException {
    PackedSequence row = row(3);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(row);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      assertThat(text((PackedSequence) in.readObject())).isEqualTo(text(row));
    }
  }

  /** Not a wish but a fact to build on: when a later Kryo can, the detours around it may go. */
  @Test
  void kryoCannotReadRecordsSoTheyMustNotTravelInRdds() {
    Kryo kryo = new KryoSerializer(new SparkConf()).newKryo();
    Output bytes = new Output(1 << 16, -1);
    assertThatThrownBy(
            () -> {
              kryo.writeClassAndObject(bytes, row(3));
              kryo.readClassAndObject(new Input(bytes.toBytes()));
            })
        .isInstanceOf(RuntimeException.class);
  }

  @Test
  void exceptionsSurviveJavasSerialiser() throws IOException, ClassNotFoundException {
    for (RuntimeException error :
        List.of(
            new TableException("Cannot read"),
            new ConfigException(Flags.LORA_R, 0, "use 1").in("sft.yaml"))) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(error);
      }
      try (ObjectInputStream in =
          new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
        assertThat((Throwable) in.readObject())
            .hasSameClassAs(error)
            .hasMessage(error.getMessage());
      }
    }
  }
}
