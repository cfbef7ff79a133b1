package org.sparklora.model.trace;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.PolicyRow;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.model.loss.GrpoLossConfig;

/**
 * A whole run of TRL's GRPOTrainer: {@code trace.json}, what training began with, and what came
 * out.
 */
public final class GrpoTrace {
  /** ‖final − TRL's final‖ / ‖TRL's final − start‖ of adapters; weights move by 1e-4 at most. */
  private static final double RESULT = 1e-3;

  private static final double WEIGHTS = 2e-6;

  private final Path folder;
  private final JsonNode json;

  private GrpoTrace(Path folder, JsonNode json) {
    this.folder = folder;
    this.json = json;
  }

  /** Reads a run's folder of the golden set. */
  public static GrpoTrace read(Path folder) throws IOException {
    Path plain = folder.resolve("trace.json");
    try (InputStream in =
        Files.exists(plain)
            ? Files.newInputStream(plain)
            : new GZIPInputStream(Files.newInputStream(folder.resolve("trace.json.gz")))) {
      return new GrpoTrace(folder, new ObjectMapper().readTree(in));
    }
  }

  /** The base model's name in the golden set. */
  public String model() {
    return Path.of(json.get("model").asText()).getFileName().toString();
  }

  /** The adapter; empty where all weights were trained. */
  public Optional<LoraConfig> lora() {
    JsonNode lora = json.get("lora");
    return lora.isNull()
        ? Optional.empty()
        : Optional.of(
            new LoraConfig(
                lora.get("r").asInt(),
                lora.get("alpha").asDouble(),
                0,
                lora.path("use_rslora").asBoolean(),
                targets(lora.path("target_modules"))));
  }

  private static LoraTargets targets(JsonNode modules) {
    if (!modules.isArray()) {
      return LoraTargets.names(List.of("all-linear"));
    }
    List<String> names = new ArrayList<>();
    modules.forEach(name -> names.add(name.asText()));
    return LoraTargets.names(names);
  }

  /** The entries of a tensor {@code (B, T)} under a mask, row by row. */
  public static float[] masked(JsonNode tensor, JsonNode mask) {
    List<Float> values = new ArrayList<>();
    for (int c = 0; c < mask.size(); c++) {
      for (int t = 0; t < mask.get(c).size(); t++) {
        if (mask.get(c).get(t).asInt() == 1) {
          values.add(tensor.get(c).get(t).floatValue());
        }
      }
    }
    float[] array = new float[values.size()];
    for (int m = 0; m < array.length; m++) {
      array[m] = values.get(m);
    }
    return array;
  }

  /** Anything else of it. */
  public JsonNode get(String name) {
    return json.get(name);
  }

  /** TRL's settings after its defaults. */
  public JsonNode resolved() {
    return json.get("resolved");
  }

  /** One of TRL's settings that {@link #resolved} does not repeat, or its default. */
  public double setting(String name, double byDefault) {
    return json.get("config").path(name).asDouble(byDefault);
  }

  /** The loss with those settings. */
  public GrpoLossConfig loss() {
    JsonNode resolved = resolved();
    return new GrpoLossConfig(
        new GrpoLossConfig.Reduction(
            GrpoLossConfig.LossType.valueOf(
                resolved.get("loss_type").asText().toUpperCase(Locale.ROOT)),
            resolved.get("max_completion_length").asInt()),
        new GrpoLossConfig.Ratio(
            GrpoLossConfig.Level.valueOf(
                resolved.get("importance_sampling_level").asText().toUpperCase(Locale.ROOT)),
            resolved.get("epsilon_low").asDouble(),
            resolved.get("epsilon_high").asDouble(),
            setting("delta", Double.POSITIVE_INFINITY),
            Double.POSITIVE_INFINITY),
        new GrpoLossConfig.Divergence(
            resolved.get("beta").asDouble(), resolved.get("use_bias_correction_kl").asBoolean()),
        new GrpoLossConfig.Soft(
            new GrpoLossConfig.Sapo(
                setting("sapo_temperature_pos", 1), setting("sapo_temperature_neg", 1.05)),
            new GrpoLossConfig.Vespo(2, 3, 3, 2)),
        setting("top_entropy_quantile", 1),
        (float) resolved.get("temperature").asDouble());
  }

  /** Fills parameters with what training began with. */
  public void begin(CheckpointFolder base, ParameterLayout layout, Engine engine, Tensor parameters)
      throws IOException {
    if (layout instanceof WeightLayout weights) {
      weights.load(base, engine, parameters);
      return;
    }
    try (SafeTensors tensors = SafeTensors.open(folder.resolve("init_adapter.safetensors"))) {
      for (ParameterLayout.Entry entry : layout.entries()) {
        float[] values = floats(tensors, entry.name());
        parameters.write(entry.offset(), values, 0, values.length);
      }
    }
  }

  private static float[] floats(SafeTensors tensors, String name) throws IOException {
    try (NativeMemory bytes = tensors.bytes(name)) {
      FloatBuffer buffer = bytes.buffer(0, (int) bytes.bytes()).asFloatBuffer();
      float[] values = new float[buffer.remaining()];
      buffer.get(values);
      return values;
    }
  }

  /** The rows of a micro-batch. */
  public static List<PolicyRow> rows(JsonNode micro) {
    List<PolicyRow> rows = new ArrayList<>();
    for (int c = 0; c < micro.get("advantages").size(); c++) {
      int length = Arrays.stream(ints(micro.get("completion_mask").get(c))).sum();
      rows.add(
          new PolicyRow(
              lastMasked(micro.get("prompt_ids").get(c), micro.get("prompt_mask").get(c)),
              Arrays.copyOf(ints(micro.get("completion_ids").get(c)), Math.max(1, length)),
              micro.get("advantages").get(c).floatValue(),
              0,
              length == 0,
              new PolicyRow.OfTokens(
                  logProbs(micro, "old_per_token_logps", c, length),
                  logProbs(micro, "ref_per_token_logps", c, length),
                  PolicyRow.NONE)));
    }
    return rows;
  }

  private static float[] logProbs(JsonNode micro, String name, int c, int length) {
    if (!micro.hasNonNull(name)) {
      return PolicyRow.NONE;
    }
    float[] values = new float[Math.max(1, length)];
    for (int t = 0; t < length; t++) {
      values[t] = micro.get(name).get(c).get(t).floatValue();
    }
    return values;
  }

  private static int[] ints(JsonNode array) {
    int[] values = new int[array.size()];
    Arrays.setAll(values, i -> array.get(i).asInt());
    return values;
  }

  /** Prompts are padded on the left. */
  private static int[] lastMasked(JsonNode ids, JsonNode mask) {
    int[] all = ints(ids);
    return Arrays.copyOfRange(all, all.length - Arrays.stream(ints(mask)).sum(), all.length);
  }

  /** Compares what came out with what came out of TRL. */
  public void assertResult(ParameterLayout layout, float[] start, float[] end) throws IOException {
    Path adapter = folder.resolve("final_adapter.safetensors");
    boolean whole = Files.exists(adapter);
    Path file = whole ? adapter : folder.resolve("final_weights_subset.safetensors");
    double difference = 0;
    double way = 0;
    try (SafeTensors tensors = SafeTensors.open(file)) {
      for (SafeTensors.TensorInfo info : tensors.tensors().values()) {
        int offset = (int) layout.entry(info.name()).orElseThrow().offset();
        float[] expected = floats(tensors, info.name());
        for (int i = 0; i < expected.length; i++) {
          if (!whole) {
            assertThat((double) end[offset + i])
                .as("%s, element %d", info.name(), i)
                .isCloseTo(expected[i], within(WEIGHTS));
          }
          difference += Math.pow((double) end[offset + i] - expected[i], 2);
          way += Math.pow((double) expected[i] - start[offset + i], 2);
        }
      }
    }
    assertThat(way).isPositive();
    assertThat(Math.sqrt(difference / way)).isLessThan(RESULT);
  }
}
