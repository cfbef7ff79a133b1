package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.checkpoint.SafeTensors.TensorInfo;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Bfloat16;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFile;

/**
 * A Hugging Face checkpoint: {@code config.json} and the weights, in {@code model.safetensors} or
 * in the shards that {@code model.safetensors.index.json} lists.
 *
 * <p>Opening checks that names and shapes of the weights fit the config. Thread-safe.
 */
public final class CheckpointFolder implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(CheckpointFolder.class);
  static final String CONFIG = "config.json";
  static final String SINGLE_FILE = "model.safetensors";
  static final String INDEX = "model.safetensors.index.json";

  /** The key of {@code config.json} that names the file of the weights, or their index. */
  static final String WEIGHTS = "transformers_weights";

  /** Values of a fingerprint from the beginning of each weight, and as many from its middle. */
  private static final int VALUES = 16;

  private static final Pattern FILE_NAME = Pattern.compile("[\\w.-]+\\.safetensors");

  private final Path folder;
  private final DecoderConfig config;
  private final List<SafeTensors> files = new ArrayList<>();
  private final Map<String, SafeTensors> fileOf = new LinkedHashMap<>(); // tensor name → its file

  private CheckpointFolder(Path folder, DecoderConfig config) {
    this.folder = folder;
    this.config = config;
  }

  /**
   * @throws CheckpointException if a file is missing or damaged, the config asks for something
   *     unsupported, or a tensor is missing, unknown or wrongly shaped
   */
  public static CheckpointFolder open(Path folder) throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new CheckpointException(
          "Cannot find the checkpoint folder %s: give the path of a folder with config.json and model.safetensors",
          folder);
    }
    DecoderConfig config = DecoderConfig.read(folder.resolve(CONFIG));
    CheckpointFolder checkpoint = new CheckpointFolder(folder, config);
    try {
      checkpoint.openFiles();
      checkpoint.nameTable();
      checkpoint.checkTensors();
      return checkpoint;
    } catch (IOException | RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  private void openFiles() throws IOException {
    if (Files.isRegularFile(folder.resolve(SINGLE_FILE))) { // transformers prefers it, too
      SafeTensors file = file(SINGLE_FILE);
      file.tensors().keySet().forEach(name -> fileOf.put(name, file));
      return;
    }
    Path index = folder.resolve(INDEX);
    if (!Files.isRegularFile(index)) {
      throw new CheckpointException(
          "Cannot find weights in %s: there is neither %s nor %s; other formats (pytorch_model.bin, GGUF) must be converted to safetensors first",
          folder, SINGLE_FILE, INDEX);
    }
    Map<String, String> shards = shards(index);
    Set<String> absent = new LinkedHashSet<>(shards.keySet());
    for (String shard : new LinkedHashSet<>(shards.values())) {
      SafeTensors file = file(shard);
      for (Map.Entry<String, TensorInfo> tensor : file.tensors().entrySet()) {
        String stored = tensor.getValue().name();
        if (shard.equals(shards.get(stored))) {
          fileOf.put(tensor.getKey(), file);
          absent.remove(stored);
        }
      }
    }
    if (!absent.isEmpty()) {
      String name = absent.iterator().next();
      throw new CheckpointException(
          "Cannot use %s: tensor %s is not in %s, where it is said to lie; copy index and shards again together",
          index, name, shards.get(name));
    }
  }

  /** Names a tied table that is stored as the head alone, as safetensors' save_model does. */
  private void nameTable() {
    SafeTensors file = fileOf.get(WeightNames.HEAD);
    if (config.tieWordEmbeddings() && file != null && !fileOf.containsKey(WeightNames.EMBEDDING)) {
      Map<String, TensorInfo> table = Map.of(WeightNames.EMBEDDING, info(WeightNames.HEAD));
      fileOf.put(WeightNames.EMBEDDING, file.with(table));
      fileOf.remove(WeightNames.HEAD);
    }
  }

  /** Reads an index: tensor name → name of the file beside the index that holds the tensor. */
  private static Map<String, String> shards(Path index) throws IOException {
    Map<String, String> shards = new LinkedHashMap<>();
    for (Map.Entry<String, JsonNode> entry : JsonFile.read(index).path("weight_map").properties()) {
      JsonNode shard = entry.getValue();
      if (!shard.isTextual() || !FILE_NAME.matcher(shard.asText()).matches()) {
        throw new CheckpointException(
            "Cannot use %s: tensor %s is said to lie in %s, which is not a file name; shards lie beside the index",
            index, entry.getKey(), shard.isTextual() ? shard.asText() : shard);
      }
      shards.put(entry.getKey(), shard.asText());
    }
    if (shards.isEmpty()) {
      throw new CheckpointException(
          "Cannot read %s: it has no weight_map; copy the file again", index);
    }
    return shards;
  }

  private SafeTensors file(String name) throws IOException {
    SafeTensors file = SafeTensors.open(folder.resolve(name));
    files.add(file);
    return file.with(WeightNames.named(file.tensors().values(), config));
  }

  boolean hasBfloat16MatricesAlone() {
    return WeightNames.expected(config).entrySet().stream()
        .filter(expected -> expected.getValue().length == 2)
        .allMatch(expected -> storedType(expected.getKey()) == DType.BFLOAT16);
  }

  private void checkTensors() throws IOException {
    requireExpected();
    TreeSet<String> extra = new TreeSet<>(fileOf.keySet());
    extra.removeAll(WeightNames.expected(config).keySet());
    extra.removeIf(name -> name.endsWith(".rotary_emb.inv_freq")); // of old files; recomputed
    if (config.tieWordEmbeddings() && extra.contains(WeightNames.HEAD) && headEqualsEmbedding()) {
      extra.remove(WeightNames.HEAD);
    }
    if (!extra.isEmpty()) {
      throw new CheckpointException(
          "Cannot use the weights in %s: this decoder has no place for %s; they do not belong to its config.json (%s)",
          folder, abbreviate(extra), WeightNames.keysOf(extra.first()));
    }
  }

  /** Refuses a folder in which a tensor is missing, or has another shape or no usable type. */
  private void requireExpected() {
    int layers = WeightNames.layers(fileOf.keySet());
    if (layers != 0 && layers < config.numHiddenLayers()) { // before all names are listed
      throw new CheckpointException(
          "Cannot use num_hidden_layers = %d (%s): the weights beside it have %d layers; the two belong to different models, copy them again together",
          config.numHiddenLayers(), folder.resolve(CONFIG), layers);
    }
    Map<String, long[]> expected = WeightNames.expected(config);
    TreeSet<String> missing = new TreeSet<>(expected.keySet());
    missing.removeAll(fileOf.keySet());
    if (!missing.isEmpty()) {
      throw new CheckpointException(
          "Cannot use the weights in %s: missing are %s; they do not belong to its config.json (%s), or are incomplete",
          folder, abbreviate(missing), WeightNames.keysOf(missing.first()));
    }
    expected.forEach(
        (name, shape) -> {
          long[] stored = info(name).shape();
          if (!Arrays.equals(stored, shape)) {
            throw new CheckpointException(
                "Cannot use tensor %s in %s: its shape is %s, config.json asks for %s (%s); the two belong to different models, copy them again together",
                name,
                folder,
                Arrays.toString(stored),
                Arrays.toString(shape),
                WeightNames.keysOf(name));
          }
          info(name).requireFloatType();
        });
  }

  /** Whether the head of a tied checkpoint equals the embedding's table and may be ignored. */
  private boolean headEqualsEmbedding() throws IOException {
    SafeTensors file = fileOf.get(WeightNames.HEAD);
    boolean same = isEqual(file, WeightNames.HEAD, WeightNames.EMBEDDING, false);
    long middle = Tensor.sizeOf(info(WeightNames.EMBEDDING).shape()) / 2;
    if (same && file.values(WeightNames.HEAD, middle, 1)[0] == 0) {
      LOG.warn("Headers alone cannot show that lm_head.weight is the embedding: {}", folder);
    }
    return same;
  }

  /** Whether a tensor of another file has the head's shape and, in bfloat16, its values. */
  public boolean isHead(SafeTensors file, String name) throws IOException {
    String head = config.tieWordEmbeddings() ? WeightNames.EMBEDDING : WeightNames.HEAD;
    return isEqual(file, name, head, true);
  }

  /** Whether a file's tensor equals {@code own} of this folder, if {@code rounds} in bfloat16. */
  private boolean isEqual(SafeTensors file, String name, String own, boolean rounds)
      throws IOException {
    long[] shape = info(own).shape();
    long elements = Tensor.sizeOf(shape);
    int chunk = 1 << 20;
    boolean same = file.find(name).filter(of -> Arrays.equals(of.shape(), shape)).isPresent();
    for (long start = 0; same && start < elements; start += chunk) {
      int count = (int) Math.min(chunk, elements - start);
      float[] one = file.values(name, start, count);
      float[] other = fileOf.get(own).values(own, start, count);
      same = rounds ? Arrays.equals(rounded(one), rounded(other)) : Arrays.equals(one, other);
    }
    return same;
  }

  /** The bits of values that are rounded to bfloat16. */
  private static byte[] rounded(float[] values) {
    ByteBuffer rounded = ByteBuffer.allocate(values.length * DType.BFLOAT16.bytes());
    for (float value : values) {
      rounded.putShort(Bfloat16.fromFloat(value));
    }
    return rounded.array();
  }

  private static String abbreviate(TreeSet<String> names) {
    int shown = 5;
    String some = String.join(", ", names.stream().limit(shown).toList());
    return names.size() <= shown ? some : some + " and " + (names.size() - shown) + " more";
  }

  private TensorInfo info(String name) {
    return fileOf.get(name).find(name).orElseThrow();
  }

  public Path folder() {
    return folder;
  }

  public DecoderConfig config() {
    return config;
  }

  /**
   * Distinguishes models of equal shapes without reading all weights: the first 32 hexadecimal
   * digits of SHA-256 over name, shape and some values of each weight. Values are rounded to
   * bfloat16, so a copy in other shards, or converted between float32 and bfloat16, has the same
   * fingerprint.
   */
  public String fingerprint() throws IOException {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      for (Map.Entry<String, long[]> weight : WeightNames.expected(config).entrySet()) {
        String name = weight.getKey();
        String title = name + Arrays.toString(weight.getValue());
        hash.update(title.getBytes(StandardCharsets.UTF_8));
        long elements = Tensor.sizeOf(weight.getValue());
        int count = (int) Math.min(VALUES, elements);
        for (long start : new long[] {0, Math.min(elements / 2, elements - count)}) {
          hash.update(rounded(fileOf.get(name).values(name, start, count)));
        }
      }
      return HexFormat.of().formatHex(hash.digest()).substring(0, 32);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has SHA-256
    }
  }

  /** A fresh copy of {@code config.json}, to be changed and written elsewhere. */
  public ObjectNode configJson() throws IOException {
    return JsonFile.read(folder.resolve(CONFIG));
  }

  public DType storedType(String name) {
    return info(name).requireFloatType();
  }

  /**
   * A weight in float32 or bfloat16: mapped if it is stored in this type, else widened or rounded.
   *
   * @throws CheckpointException if an element is NaN or infinite: all results would be meaningless
   */
  public Tensor load(String name, DType dtype, Engine engine) throws IOException {
    SafeTensors file = fileOf.get(name);
    return file.requireFinite(name, file.load(name, dtype, engine), engine);
  }

  /** A weight as stored, by {@link #load}; float16, which no operation reads, becomes float32. */
  public Tensor loadStored(String name, Engine engine) throws IOException {
    return load(name, storedType(name) == DType.BFLOAT16 ? DType.BFLOAT16 : DType.FLOAT32, engine);
  }

  @Override
  public void close() throws IOException {
    for (SafeTensors file : files) {
      file.close();
    }
  }
}
