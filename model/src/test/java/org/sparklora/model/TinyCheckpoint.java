package org.sparklora.model;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** Writes checkpoints of a few hundred random weights. */
public final class TinyCheckpoint {
  private static final ObjectMapper JSON = new ObjectMapper();

  private TinyCheckpoint() {}

  /** A config with two layers, hidden size 8, two query heads over one key/value head. */
  public static ObjectNode config(String modelType) {
    ObjectNode json = JSON.createObjectNode();
    json.put("model_type", modelType);
    json.put("vocab_size", 11);
    json.put("hidden_size", 8);
    json.put("intermediate_size", 12);
    json.put("num_hidden_layers", 2);
    json.put("num_attention_heads", 2);
    json.put("num_key_value_heads", 1);
    json.put("head_dim", 4);
    json.put("rms_norm_eps", 1e-5);
    json.put("tie_word_embeddings", true);
    json.put("pad_token_id", 3);
    json.put("dtype", "float32");
    if (modelType.equals("qwen3_moe")) {
      json.put("num_experts", 3).put("num_experts_per_tok", 2).put("moe_intermediate_size", 6);
    }
    return json;
  }

  /** Writes a checkpoint of this config into the folder and opens it. */
  public static CheckpointFolder write(Path folder, ObjectNode config) throws IOException {
    return write(folder, config, DType.FLOAT32);
  }

  public static CheckpointFolder write(Path folder, ObjectNode config, DType dtype)
      throws IOException {
    return write(folder, config, dtype, Map.of());
  }

  /**
   * Writes a checkpoint.
   *
   * @param given tensors that are not random, by name
   */
  public static CheckpointFolder write(
      Path folder, ObjectNode config, DType dtype, Map<String, Tensor> given) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("config.json"), config.toString());
    Random random = new Random(7);
    List<SafeTensorsWriter.Entry> entries = new ArrayList<>();
    DecoderConfig read = DecoderConfig.read(folder.resolve("config.json"));
    for (Map.Entry<String, long[]> shape : WeightNames.expected(read).entrySet()) {
      boolean norm = shape.getKey().contains("norm");
      Tensor values = random(random, norm ? 1 : 0, 0.3, shape.getValue());
      entries.add(
          SafeTensorsWriter.Entry.of(
              shape.getKey(), dtype, given.getOrDefault(shape.getKey(), values)));
    }
    SafeTensorsWriter.write(folder.resolve("model.safetensors"), entries);
    return CheckpointFolder.open(folder);
  }

  /** Normally distributed numbers. */
  public static Tensor random(Random random, double mean, double deviation, long... shape) {
    Tensor tensor = EnginesUnderTest.reference().allocate(shape);
    float[] values = new float[(int) tensor.size()];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) (mean + deviation * random.nextGaussian());
    }
    tensor.write(0, values, 0, values.length);
    return tensor;
  }
}
