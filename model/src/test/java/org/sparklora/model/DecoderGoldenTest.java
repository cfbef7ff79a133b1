package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.EachEngine;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.RotaryEmbedding;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterMerge;
import org.sparklora.model.loss.TokenLogProbs;

/** The decoder against transformers and PEFT, for every kind of model and through all engines. */
class DecoderGoldenTest {
  /** Ten times what an independent float32 implementation deviated, as for the bounds below. */
  private static final double LOGITS = 1e-4;

  private static final double LOG_PROBS = 1e-4;
  private static final double LOSS = 2e-5;
  private static final double GRADIENT = 5e-5;

  /** Of W + s·B·A with numbers up to 1: one rounding of each sum. */
  private static final double MERGED_WEIGHT = 1e-6;

  /** Relative. */
  private static final double GRADIENT_NORM = 1e-4;

  /**
   * Relative, of one factor. With alpha = 32 at rank 1 the gradients are ill-conditioned: PyTorch's
   * own float32 numbers are up to 2.1e-4 away from its float64 numbers.
   */
  private static final double FACTOR_GRADIENT_NORM = 5e-4;

  @TempDir Path folder;

  static Stream<Arguments> enginesAndModels() {
    return across(GoldenModel.NAMES);
  }

  static Stream<Arguments> enginesAndRslora() {
    return across(List.of("llama-tiny", "qwen3-tiny"));
  }

  static Stream<Arguments> enginesAndExtraAdapters() {
    return across(List.of("llama-tiny-attn-only", "llama-tiny-mlp-only", "llama-tiny-r1-a32"));
  }

  static Stream<Engine> engines() {
    return EnginesUnderTest.all();
  }

  private static Stream<Arguments> across(List<String> names) {
    return EnginesUnderTest.all()
        .flatMap(engine -> names.stream().map(name -> Arguments.of(engine, name)));
  }

  @EachEngine
  @MethodSource("enginesAndModels")
  void logitsAreThoseOfTransformers(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    GoldenModel.Loaded model = golden.plain(engine);
    checkLogits(golden, model, golden.batch("labels"), "logits", golden.unpadded());
    PackedBatch packed = golden.packedBatch();
    checkLogits(
        golden, model, packed, "packed_logits", IntStream.range(0, packed.tokenCount()).toArray());
  }

  @EachEngine
  @MethodSource("enginesAndModels")
  void tokenLogProbsAndEntropiesAreThoseOfTransformers(Engine engine, String name)
      throws IOException {
    GoldenModel golden = new GoldenModel(name);
    GoldenModel.Loaded model = golden.plain(engine);
    PackedBatch batch = golden.batch("input_ids");
    TokenLogProbs actual = model.step().logProbs(model.parameters(), batch, 1f);
    checkPerToken(golden, actual, actual.logProbs(), "token_logps");
    checkPerToken(golden, actual, actual.entropies(), "token_entropy");
    TokenLogProbs cooler = model.step().logProbs(model.parameters(), batch, 0.7f);
    checkPerToken(golden, cooler, cooler.logProbs(), "token_logps_temp0.7");

    PackedBatch document = OneDocument.of(golden.ints("long_input_ids"));
    TokenLogProbs all = model.step().logProbs(model.parameters(), document, 1f);
    assertThat(all.logProbs())
        .containsExactly(golden.floats("long_token_logps"), offset(LOG_PROBS));
  }

  @EachEngine
  @MethodSource("enginesAndModels")
  void lossesAreThoseOfTransformers(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    GoldenModel.Loaded model = golden.plain(engine);
    StepResult result = model.meanLoss(golden.batch("labels"));
    assertThat(result.logProbs().count()).isEqualTo((int) golden.scalar("n_loss_tokens"));
    assertThat(result.loss()).isCloseTo(golden.scalar("loss"), within(LOSS));
    assertThat(model.meanLoss(golden.batch("input_ids")).loss())
        .isCloseTo(golden.scalar("loss_all_tokens"), within(LOSS));
    StepResult packed = model.meanLoss(golden.packedBatch());
    assertThat(packed.logProbs().count()).isEqualTo((int) golden.scalar("packed_n_loss_tokens"));
    assertThat(packed.loss()).isCloseTo(golden.scalar("packed_loss"), within(LOSS));
  }

  @EachEngine
  @MethodSource("enginesAndModels")
  void adapterGivesLogitsLossAndGradientsOfPeft(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    GoldenModel.Loaded model = golden.adapted(name, engine);
    PackedBatch batch = golden.batch("labels");
    checkLogits(golden, model, batch, "lora_logits", golden.unpadded());
    checkGradients(golden, model, batch, "lora_");
    checkGradients(golden, model, golden.packedBatch(), "lora_packed_");
  }

  @EachEngine
  @MethodSource("enginesAndRslora")
  void rankStabilisedAdapterGivesLogitsLossAndGradientsOfPeft(Engine engine, String name)
      throws IOException {
    GoldenModel golden = new GoldenModel(name);
    GoldenModel.Loaded model = golden.adapted(name + "-rslora", engine);
    PackedBatch batch = golden.batch("labels");
    checkLogits(golden, model, batch, "rslora_logits", IntStream.range(0, 8).toArray());
    checkGradients(golden, model, batch, "rslora_");
  }

  @EachEngine
  @MethodSource("enginesAndExtraAdapters")
  void adaptersOnSomeLayersGiveLossAndGradientsOfPeft(Engine engine, String adapter)
      throws IOException {
    GoldenModel golden = new GoldenModel("llama-tiny");
    JsonNode expected = golden.scalars(adapter);
    GoldenModel.Loaded model = golden.adapted(adapter, engine);
    assertThat(model.layout().size()).isEqualTo(expected.get("trainable_parameters").asLong());
    Tensor gradient = engine.allocate(model.layout().size());
    StepResult result = model.meanLossAndGradient(golden.batch("labels"), gradient);
    assertThat(result.loss()).isCloseTo(expected.get("loss").asDouble(), within(LOSS));
    GoldenModel.assertNorm(gradient, expected.get("grad_norm").asDouble(), GRADIENT_NORM);
    assertThat(model.layout().entries()).hasSize(expected.get("grad_l2_by_name").size());
    for (ParameterLayout.Entry entry : model.layout().entries()) {
      GoldenModel.assertNorm(
          entry.in(gradient),
          expected.get("grad_l2_by_name").get(entry.name()).asDouble(),
          FACTOR_GRADIENT_NORM);
    }
  }

  @EachEngine
  @MethodSource("enginesAndModels")
  void mergedModelHasWeightsAndLogitsOfPeft(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    checkMerged(golden, engine, "lora", name);
    if (golden.has("rslora_merged_logits_row0_last4")) {
      checkMerged(golden, engine, "rslora", name + "-rslora");
    }
  }

  private void checkMerged(GoldenModel golden, Engine engine, String variant, String adapter)
      throws IOException {
    Path merged = folder.resolve(adapter);
    try (CheckpointFolder base = golden.checkpoint()) {
      AdapterFile file = AdapterFile.open(GoldenModel.adapterFolder(adapter), base.config());
      Quantization quantization = GoldenModel.precision(golden.name).quantization();
      AdapterMerge.merge(base, file, engine, quantization, merged);
    }
    try (CheckpointFolder checkpoint = CheckpointFolder.open(merged)) {
      for (String key : golden.keys(variant + "_merged.")) {
        String weight = key.substring((variant + "_merged.").length());
        assertThat(checkpoint.load(weight, DType.FLOAT32, engine).toArray())
            .as(key)
            .containsExactly(golden.floats(key), offset(MERGED_WEIGHT));
      }
      Decoder decoder = Decoder.load(checkpoint, ParameterLayout.none(), engine, Precision.FLOAT32);
      GoldenModel.Loaded model = new GoldenModel.Loaded(decoder, engine, engine.allocate(0));
      String key = variant + "_merged_logits_row0_last4";
      checkLogits(golden, model, golden.batch("labels"), key, 12, new int[] {0, 1, 2, 3});
    }
  }

  @EachEngine
  @MethodSource("engines")
  void bfloat16WeightsGiveTheLogitsOfTransformersWidenedOrAsStored(Engine engine)
      throws IOException {
    GoldenModel golden = new GoldenModel("llama-tiny-bf16");
    for (DType weights : List.of(DType.FLOAT32, DType.BFLOAT16)) {
      try (CheckpointFolder checkpoint = golden.checkpoint()) {
        Decoder decoder =
            Decoder.load(
                checkpoint, ParameterLayout.none(), engine, new Precision(weights, DType.FLOAT32));
        GoldenModel.Loaded model = new GoldenModel.Loaded(decoder, engine, engine.allocate(0));
        checkLogits(golden, model, golden.batch("labels"), "logits", golden.unpadded());
        assertThat(model.meanLoss(golden.batch("labels")).loss())
            .isCloseTo(golden.scalar("loss"), within(LOSS));
      }
    }
  }

  @EachEngine
  @MethodSource("enginesAndModels")
  void greedyContinuationsAreThoseOfTransformers(Engine engine, String name) throws IOException {
    GoldenModel golden = new GoldenModel(name);
    checkGreedy(golden, golden.plain(engine), "gen_base");
    checkGreedy(golden, golden.adapted(name, engine), "gen_lora");
  }

  private static void checkGreedy(GoldenModel golden, GoldenModel.Loaded model, String key) {
    for (int prompt = 0; prompt < 2; prompt++) {
      int[] tokens = ids(golden.json("gen_prompts").get(prompt));
      int[] expected = ids(golden.json(key).get(prompt));
      int promptLength = tokens.length;
      tokens = Arrays.copyOf(tokens, promptLength + expected.length);
      System.arraycopy(expected, 0, tokens, promptLength, expected.length);
      // with the expected tokens as input, each of them must be ranked first
      TokenLogProbs ranked = model.step().logProbs(model.parameters(), OneDocument.of(tokens), 1f);
      assertThat(Arrays.copyOfRange(ranked.argmax(), promptLength - 1, tokens.length - 1))
          .as("%s of prompt %d", key, prompt)
          .containsExactly(expected);
    }
  }

  private static int[] ids(JsonNode array) {
    int[] ids = new int[array.size()];
    Arrays.setAll(ids, i -> array.get(i).asInt());
    return ids;
  }

  private static void checkLogits(
      GoldenModel golden, GoldenModel.Loaded model, PackedBatch batch, String key, int[] places) {
    checkLogits(golden, model, batch, key, 0, places);
  }

  /**
   * @param first token whose logits stand at the first of the places
   * @param places rows of the golden tensor
   */
  private static void checkLogits(
      GoldenModel golden,
      GoldenModel.Loaded model,
      PackedBatch batch,
      String key,
      int first,
      int[] places) {
    int[] rows = IntStream.range(0, places.length).toArray();
    int[] tokens = IntStream.range(first, first + places.length).toArray();
    int vocabSize = model.decoder().config().vocabSize();
    float[] actual = logits(model, batch, tokens);
    float[] expected = golden.floats(key);
    int columns = golden.columns(key); // the copy among the resources has not all of them
    for (int row : rows) {
      int from = places[row] * columns;
      assertThat(Arrays.copyOfRange(actual, row * vocabSize, row * vocabSize + columns))
          .as("%s of token %d", key, row)
          .containsExactly(Arrays.copyOfRange(expected, from, from + columns), offset(LOGITS));
    }
  }

  /** What the decoder says after some tokens of a batch, {@code (P, V)}. */
  private static float[] logits(GoldenModel.Loaded model, PackedBatch batch, int[] places) {
    Decoder decoder = model.decoder();
    Engine engine = model.engine();
    Segments segments = batch.segments();
    try (Workspace workspace = new Workspace(engine);
        Activations activations = Activations.forForwardAlone(decoder, engine);
        AttentionMask mask = engine.mask(segments);
        Indices tokens = engine.indices(batch.tokens());
        Indices positions = engine.indices(segments.positions());
        Tensor logits = engine.allocate(places.length, decoder.config().vocabSize())) {
      DecoderStack stack =
          decoder.bind(model.parameters(), Optional.empty(), Optional.empty(), Optional.empty());
      RotaryEmbedding.Tables angles = decoder.rotary().tables(engine, segments.longest());
      Tensor stream =
          stack.forward(
              workspace,
              new TokenPlaces(tokens, mask::within, positions, angles, (layer, window, own) -> own),
              activations.reserve(batch.tokenCount()));
      LossHead.of(workspace, stack, decoder.config().vocabSize()).logits(stream, places, logits);
      return logits.toArray();
    }
  }

  /** Position t of a golden row of 15 predicts token t + 1 of the row of 16. */
  private static void checkPerToken(
      GoldenModel golden, TokenLogProbs scored, float[] actual, String key) {
    int[] places = golden.unpadded();
    int width = golden.columns("input_ids");
    float[] expected = golden.floats(key);
    for (int m = 0; m < scored.count(); m++) {
      int place = places[scored.positions()[m]];
      float value = expected[place / width * (width - 1) + place % width];
      assertThat((double) actual[m])
          .as("%s of target %d", key, m)
          .isCloseTo(value, within(LOG_PROBS));
    }
  }

  private static void checkGradients(
      GoldenModel golden, GoldenModel.Loaded model, PackedBatch batch, String prefix) {
    Tensor gradient = model.engine().allocate(model.layout().size());
    StepResult result = model.meanLossAndGradient(batch, gradient);
    assertThat(result.loss()).isCloseTo(golden.scalar(prefix + "loss"), within(LOSS));
    GoldenModel.assertNorm(gradient, golden.scalar(prefix + "grad_norm"), GRADIENT_NORM);
    List<String> keys = golden.keys(prefix + "grad.");
    assertThat(keys).isNotEmpty();
    for (String key : keys) {
      String parameter = key.substring((prefix + "grad.").length());
      ParameterLayout.Entry entry = model.layout().entry(parameter).orElseThrow();
      assertThat(entry.in(gradient).toArray())
          .as(key)
          .containsExactly(golden.floats(key), offset(GRADIENT));
    }
  }

  private static org.assertj.core.data.Offset<Float> offset(double bound) {
    return within((float) bound);
  }
}
