package org.sparklora.spark.dl4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.serializer.Serializer;
import org.apache.spark.serializer.SerializerInstance;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.model.engine.EngineChoice;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.pipeline.config.OptimizerConfig;
import org.sparklora.pipeline.config.ScheduleConfig;
import org.sparklora.pipeline.table.PackedSequence;
import org.sparklora.train.SourceLoss;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.StepRows;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;

/** What goes between driver and executors, through both of Spark's serialisers. */
class TravelTest {
  /**
   * An adapter of the tiny model has 11,136 parameters; its network's configuration must stay far
   * below that.
   */
  private static final int CONFIGURATION_BYTES = 20_000;

  static Stream<Serializer> serializers() {
    SparkConf conf =
        new SparkConf(false).set("spark.kryo.registrator", LoraRegistrator.class.getName());
    return Stream.of(new JavaSerializer(conf), new KryoSerializer(conf));
  }

  @SuppressWarnings("unchecked")
  private static <T> T roundTrip(Serializer serializer, T value) {
    SerializerInstance instance = serializer.newInstance();
    // a class tag is Scala's note of the type, which a cast replaces here
    ByteBuffer bytes = instance.serialize(value, scalaTag());
    return (T) instance.deserialize(bytes, scalaTag());
  }

  private static <T> scala.reflect.ClassTag<T> scalaTag() {
    return scala.reflect.ClassTag$.MODULE$.apply(Object.class);
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void rowsTravelByNumberAndBecomeDataSets(Serializer serializer) {
    StepRows rows = new StepRows(3, 1, 9, List.of(new int[] {17_000_001}, new int[] {4, 2}));
    StepRows got = roundTrip(serializer, rows);
    assertThat(got.microBatches()).containsExactly(new int[] {17_000_001}, new int[] {4, 2});
    assertThat(got.normalizer()).isEqualTo(9);
    DataSet dataSet = AveragingWorker.dataSet(rows); // made where it is used
    assertThat(dataSet.numExamples()).isEqualTo(1);
    assertThat(AveragingWorker.rowsOf(dataSet)).isSameAs(rows);
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void vectorsTravel(Serializer serializer) {
    float[] values = new float[700_000]; // more than two of the chunks they are written in
    for (int i = 0; i < values.length; i++) {
      values[i] = i * 0.5f;
    }
    try (FlatVector vector = new FlatVector(values.length)) {
      filled(vector, values);
      for (int round = 0; round < 2; round++) {
        try (FlatVector got = roundTrip(serializer, vector)) {
          assertThat(floats(got)).isEqualTo(values);
        }
      }
      roundTrip(serializer, vector.handedOver()).close();
      assertThatThrownBy(vector::pointer)
          .as("handed over")
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("it was closed");
    }
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void vectorsTravelInBfloat16(Serializer serializer) {
    float[] values = {1, 1 + 0x1p-8f, -1 - 3 * 0x1p-8f, 0x1p-30f, 0}; // ties go to even
    try (FlatVector floats = new FlatVector(values.length);
        FlatVector sent =
            FlatVector.over(filled(floats, values), values.length)
                .copy(VectorType.BFLOAT16, Dither.NONE);
        FlatVector got = roundTrip(serializer, sent)) {
      assertThat(got.bytes()).isEqualTo(2 * values.length);
      got.copyTo(floats.pointer());
      assertThat(floats(floats)).containsExactly(1, 1, -1 - 4 * 0x1p-8f, 0x1p-30f, 0);
      got.part(2, 2).addTo(-0.5f, floats.pointer());
      assertThat(floats(floats)).startsWith(1.5f + 2 * 0x1p-8f, 1 - 0x1p-31f);
    }
  }

  private static Pointer filled(FlatVector vector, float[] values) {
    Engines.of(EngineChoice.USUAL)
        .alias(vector.pointer(), values.length)
        .tensor()
        .write(0, values, 0, values.length);
    return vector.pointer();
  }

  private static float[] floats(FlatVector vector) {
    return Engines.of(EngineChoice.USUAL).alias(vector.pointer(), vector.size()).tensor().toArray();
  }

  private static TrainedNetwork network(Path folder) throws IOException {
    TrainedModel model = TinyAdapter.of(TestModels.copy("llama-tiny", folder)).model();
    return TrainedNetwork.create(
        model,
        new OptimizerConfig(2e-5, 0.9, 0.999, 1e-8, 0, 1.0),
        new ScheduleConfig(ScheduleConfig.Type.LINEAR, 0),
        10);
  }

  private static DecoderLayerConf layer(MultiLayerConfiguration configuration) {
    return (DecoderLayerConf) configuration.getConf(0).getLayer();
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void networkConfigurationTravelsWithoutWeights(Serializer serializer, @TempDir Path folder)
      throws IOException {
    TrainedNetwork network = network(folder);
    TrainedModel model = layer(network.network().getLayerWiseConfigurations()).model();
    MultiLayerConfiguration configuration = network.network().getLayerWiseConfigurations();

    MultiLayerConfiguration got = roundTrip(serializer, configuration);

    DecoderLayerConf layer = layer(got);
    assertThat(layer.model()).isEqualTo(model);
    assertThat(layer.rule().decayed()).isEqualTo(model.layout().size());
    assertThat(layer.getIUpdater()).isEqualTo(layer(configuration).getIUpdater());
    assertThat(serializer.newInstance().serialize(configuration, scalaTag()).remaining())
        .isLessThan(CONFIGURATION_BYTES);
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void measurementsAndModelsTravel(Serializer serializer, @TempDir Path folder) throws IOException {
    StepMetrics metrics =
        new StepMetrics(
            1, 2.5, 3, 4, 5, 6, 7.5, 8.5, 1.5, 0.5, 9.5, Map.of("texts", new SourceLoss(10, 11)));
    assertThat(roundTrip(serializer, metrics)).isEqualTo(metrics);
    TrainedModel model =
        TrainedModel.allWeights(
            TestModels.source(TestModels.copy("llama-tiny", folder)), Precision.FLOAT32, false);
    assertThat(roundTrip(serializer, model)).isEqualTo(model);
    int[] tokens = {1, 2, 3, 4};
    PackedSequence row = new PackedSequence(tokens, tokens, new int[] {1, 3});
    assertThat(roundTrip(serializer, row).inputIds()).containsExactly(1, 2, 3, 4);
  }

  @ParameterizedTest
  @MethodSource("serializers")
  void unmodifiableCollectionsTravelAndMayRepeat(Serializer serializer) {
    StepMetrics metrics = StepMetrics.none(7);
    for (Object collection :
        List.of(
            List.of(),
            List.of(metrics),
            List.of(metrics, metrics, StepMetrics.none(8)),
            Stream.of(1, 2).toList(),
            Set.of(1, 2),
            Map.of(),
            Map.of("a", metrics),
            Map.of("a", List.of(metrics), "b", List.of()),
            Collections.unmodifiableList(new ArrayList<>(List.of(metrics))),
            new ArrayList<>(List.of(metrics, Nd4j.ones(2), metrics)))) {
      assertThat(roundTrip(serializer, collection)).isEqualTo(collection);
    }
  }
}
