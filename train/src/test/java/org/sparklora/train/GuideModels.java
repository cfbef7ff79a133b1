package org.sparklora.train;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.WeightNames;

/**
 * The shapes of models that the guide and the blog train, as checkpoint folders of {@code
 * config.json} and a safetensors file that is a hole behind its header. The numbers are those of
 * the models' own {@code config.json}.
 */
public enum GuideModels {
  LLAMA_3_2_1B("Llama-3.2-1B-Instruct", "llama", 2048, 8192, 16, 32, 8, 64, 128256, true),
  LLAMA_3_2_3B("Llama-3.2-3B", "llama", 3072, 8192, 28, 24, 8, 128, 128256, true),
  LLAMA_3_1_8B("Llama-3.1-8B-Instruct", "llama", 4096, 14336, 32, 32, 8, 128, 128256, false),
  LLAMA_3_1_70B("Llama-3.1-70B", "llama", 8192, 28672, 80, 64, 8, 128, 128256, false),
  QWEN2_5_3B("Qwen2.5-3B-Instruct", "qwen2", 2048, 11008, 36, 16, 2, 128, 151936, true),
  QWEN3_0_6B("Qwen3-0.6B", "qwen3", 1024, 3072, 28, 16, 8, 128, 151936, true),
  QWEN3_4B("Qwen3-4B", "qwen3", 2560, 9728, 36, 32, 8, 128, 151936, true),
  QWEN3_8B("Qwen3-8B", "qwen3", 4096, 12288, 36, 32, 8, 128, 151936, false),
  QWEN3_32B("Qwen3-32B", "qwen3", 5120, 25600, 64, 64, 8, 128, 151936, false),
  SMOLLM2_135M("SmolLM2-135M", "llama", 576, 1536, 30, 9, 3, 64, 49152, true),
  SMOLLM3_3B("SmolLM3-3B", "smollm3", 2048, 11008, 36, 16, 4, 128, 128256, true);

  private static final int BFLOAT16_BYTES = 2;

  private final String folderName;
  private final ObjectNode config = new ObjectMapper().createObjectNode();

  GuideModels(
      String folderName,
      String type,
      int hidden,
      int intermediate,
      int layers,
      int heads,
      int keyValueHeads,
      int headDim,
      int vocab,
      boolean tied) {
    this.folderName = folderName;
    config.put("model_type", type).put("hidden_size", hidden);
    config.put("intermediate_size", intermediate).put("num_hidden_layers", layers);
    config.put("num_attention_heads", heads).put("num_key_value_heads", keyValueHeads);
    config.put("head_dim", headDim).put("vocab_size", vocab).put("tie_word_embeddings", tied);
    config.put("rms_norm_eps", 1e-6).put("rope_theta", 500000.0).put("hidden_act", "silu");
    config.put("max_position_embeddings", 32768).put("torch_dtype", "bfloat16");
  }

  /** As the hub calls it, without its owner. */
  public String folderName() {
    return folderName;
  }

  /** Writes the folder into another. */
  public Path write(Path into) throws IOException {
    Path folder = Files.createDirectories(into.resolve(folderName));
    Path configFile = folder.resolve("config.json");
    Files.writeString(configFile, config.toString());
    byte[] header =
        header(DecoderConfig.read(configFile)).toString().getBytes(StandardCharsets.UTF_8);
    ByteBuffer file = ByteBuffer.allocate(Long.BYTES + header.length);
    file.order(ByteOrder.LITTLE_ENDIAN).putLong(header.length).put(header);
    Path weights = Files.write(folder.resolve("model.safetensors"), file.array());
    try (RandomAccessFile hole = new RandomAccessFile(weights.toFile(), "rw")) {
      hole.setLength(file.capacity() + tensorBytes(DecoderConfig.read(configFile)));
    }
    return folder;
  }

  private static long tensorBytes(DecoderConfig model) {
    return WeightNames.expected(model).values().stream()
        .mapToLong(shape -> Arrays.stream(shape).reduce(BFLOAT16_BYTES, (a, b) -> a * b))
        .sum();
  }

  private static ObjectNode header(DecoderConfig model) {
    ObjectNode header = new ObjectMapper().createObjectNode();
    long offset = 0;
    for (Map.Entry<String, long[]> tensor : WeightNames.expected(model).entrySet()) {
      long bytes = BFLOAT16_BYTES;
      ObjectNode entry = header.putObject(tensor.getKey()).put("dtype", "BF16");
      for (long dimension : tensor.getValue()) {
        entry.withArray("shape").add(dimension);
        bytes *= dimension;
      }
      entry.withArray("data_offsets").add(offset).add(offset + bytes);
      offset += bytes;
    }
    return header;
  }
}
