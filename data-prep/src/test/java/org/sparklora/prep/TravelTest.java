package org.sparklora.prep;

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
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.KryoSerializer;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.prep.document.ShardPlan;
import org.sparklora.prep.document.SplitReport;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;

/**
 * What goes between driver and executors, through Java's serialiser and through Kryo: a session may
 * have either.
 */
class TravelTest {

  static Stream<Named<UnaryOperator<Object>>> serialisers() {
    return Stream.of(Named.of("Java", TravelTest::viaJava), Named.of("Kryo", TravelTest::viaKryo));
  }

  private static Object viaJava(Object value) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
        out.writeObject(value);
      }
      try (ObjectInputStream in =
          new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
        return in.readObject();
      }
    } catch (IOException | ClassNotFoundException e) {
      throw new AssertionError(e);
    }
  }

  private static Object viaKryo(Object value) {
    Kryo kryo = new KryoSerializer(new SparkConf()).newKryo();
    Output bytes = new Output(1 << 12, -1);
    kryo.writeClassAndObject(bytes, value);
    return kryo.readClassAndObject(new Input(bytes.toBytes()));
  }

  @ParameterizedTest
  @MethodSource("serialisers")
  void reportsArriveAsTheyLeft(UnaryOperator<Object> travel) {
    SplitReport report = new SplitReport();
    report.count(SplitReport.Count.ROWS);
    report.countDocument(7);
    report.count(SplitReport.Count.TRUNCATED_TOKENS, 3);
    var row = new PackedSequence(new int[] {1, 2, 3}, new int[] {1, 2, 3}, new int[] {3});
    report.count(SplitReport.Count.TARGET_TOKENS, row.targets());
    BadRowException bad = new BadRowException(Reason.MALFORMED_ROW, "no JSON", "a.jsonl line 2");
    assertThatThrownBy(() -> report.countBad(bad, false)).isSameAs(bad);

    SplitReport arrived = (SplitReport) travel.apply(report.trimmed());

    assertThat(arrived.lengths()).containsExactly(7);
    assertThat(arrived.of(SplitReport.Count.ROWS)).isEqualTo(2);
    assertThat(arrived.of(SplitReport.Count.TRUNCATED_TOKENS)).isEqualTo(3);
    assertThat(arrived.of(SplitReport.Count.TARGET_TOKENS)).isEqualTo(2);
    assertThat(arrived.badRows()).containsOnlyKeys(Reason.MALFORMED_ROW.word());
    assertThat(arrived.fatalProblem())
        .hasValueSatisfying(text -> assertThat(text).contains("a.jsonl line 2"));
  }

  @ParameterizedTest
  @MethodSource("serialisers")
  void workArrivesAsItLeft(UnaryOperator<Object> travel) {
    ShardPlan.RowFile file =
        new ShardPlan.RowFile(
            List.of(new ShardPlan.Shard(List.of(new ShardPlan.DocumentRange(1, 2, 3)))));
    byte[] arrived = (byte[]) travel.apply(SparkStage.serialised(List.of(file)));
    List<ShardPlan.RowFile> read = SparkStage.deserialised(arrived);
    assertThat(read).isEqualTo(List.of(file));
  }
}
