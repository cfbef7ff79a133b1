package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.SafeTensors;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.loss.CrossEntropyLoss;

/** One model of the golden set, with the numbers that transformers and PEFT computed for it. */
public final class GoldenModel {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path RESOURCES = findResources();
  private static final Path ROOT = findRoot();

  /**
   * A model of each family at least; those after the first four are not in the full set. A name
   * ending in {@code -nf4} is that of a model with its linear layers in 4 bits.
   */
  public static final List<String> NAMES =
      List.of(
          "llama-tiny",
          "qwen2-tiny",
          "qwen3-tiny",
          "smollm3-tiny",
          "mistral-tiny",
          "mistral-window-tiny",
          "qwen2-window-tiny",
          "gemma3-tiny",
          "gemma3-untied-tiny",
          "olmo3-tiny",
          "olmo3-full-tiny",
          "mistral-tiny-nf4",
          "qwen2-window-tiny-nested-nf4",
          "qwen3-moe-tiny",
          "qwen3-moe-mixed-tiny");

  final String name;
  private final SafeTensors numbers;
  private final JsonNode scalars;

  public GoldenModel(String name) {
    try {
      this.name = name;
      this.numbers = SafeTensors.open(file("golden/" + name + ".safetensors"));
      this.scalars = JSON.readTree(file("golden/" + name + ".json").toFile());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * The trimmed copy among the test's resources, or the full set where the environment names it.
   */
  public static Path root() {
    return ROOT;
  }

  /** A file or folder of the set; of the resources if the full set lacks it. */
  public static Path file(String path) {
    Path file = root().resolve(path);
    return Files.exists(file) ? file : RESOURCES.resolve(path);
  }

  private static Path findRoot() {
    String full = System.getenv("SPARK_LORA_FIXTURES");
    return full != null ? Path.of(full) : RESOURCES;
  }

  private static Path findResources() {
    try {
      URI readme = GoldenModel.class.getResource("/golden/README.md").toURI();
      return readme.getScheme().equals("file") ? Path.of(readme).getParent() : unpacked(readme);
    } catch (URISyntaxException | IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** In other modules the resources may lie in a jar, whose files cannot be mapped. */
  private static Path unpacked(URI readme) throws IOException {
    Path folder = Files.createTempDirectory("golden");
    folder.toFile().deleteOnExit();
    try (FileSystem jar = FileSystems.newFileSystem(readme, Map.of());
        Stream<Path> files = Files.walk(jar.getPath("/golden"))) {
      for (Path file : (Iterable<Path>) files.skip(1)::iterator) {
        Path copy = folder.resolve(jar.getPath("/golden").relativize(file).toString());
        Files.copy(file, copy);
        copy.toFile().deleteOnExit();
      }
    }
    return folder;
  }

  public static Path modelFolder(String name) {
    return file("models/" + stored(name));
  }

  public static Path adapterFolder(String name) {
    return file("adapters/" + stored(name));
  }

  private static String stored(String name) {
    return name.replaceFirst("(-nested)?-nf4$", "");
  }

  /** Float32, with the quantisation of a model of this name. */
  public static Precision precision(String name) {
    Quantization quantization = Quantization.of(name.endsWith("-nf4"), name.contains("-nested-"));
    return new Precision(DType.FLOAT32, DType.FLOAT32, quantization);
  }

  public static CheckpointFolder checkpoint(String name) {
    try {
      return CheckpointFolder.open(modelFolder(name));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  CheckpointFolder checkpoint() {
    return checkpoint(name);
  }

  JsonNode scalars(String otherName) throws IOException {
    return JSON.readTree(root().resolve("golden/" + otherName + ".json").toFile());
  }

  double scalar(String key) {
    return scalars.get(key).asDouble();
  }

  JsonNode json(String key) {
    return scalars.get(key);
  }

  float[] floats(String key) {
    try (NativeMemory bytes = numbers.bytes(key)) {
      FloatBuffer buffer = bytes.buffer(0, (int) bytes.bytes()).asFloatBuffer();
      float[] values = new float[buffer.remaining()];
      buffer.get(values);
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The last dimension of a tensor. */
  int columns(String key) {
    long[] shape = numbers.find(key).orElseThrow().shape();
    return (int) shape[shape.length - 1];
  }

  boolean has(String key) {
    return numbers.find(key).isPresent();
  }

  List<String> keys(String prefix) {
    return numbers.tensors().values().stream()
        .map(SafeTensors.TensorInfo::name)
        .filter(key -> key.startsWith(prefix))
        .toList();
  }

  int[] ints(String key) {
    try (NativeMemory bytes = numbers.bytes(key)) {
      IntBuffer buffer = bytes.buffer(0, (int) bytes.bytes()).asIntBuffer();
      int[] values = new int[buffer.remaining()];
      buffer.get(values);
      return values;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The padded batch of two rows, without its padding. */
  PackedBatch batch(String labels) {
    int width = columns("input_ids");
    int[] inputIds = ints("input_ids");
    int[] mask = ints("attention_mask");
    int[] labelIds = ints(labels);
    List<PackedBatch.Row> rows = new ArrayList<>();
    for (int row = 0; row < inputIds.length / width; row++) {
      int from = row * width;
      int length = Arrays.stream(mask, from, from + width).sum();
      rows.add(
          PackedBatch.Row.of(
              Arrays.copyOfRange(inputIds, from, from + length),
              Arrays.copyOfRange(labelIds, from, from + length)));
    }
    return PackedBatch.of(rows);
  }

  /** The row of several documents. */
  PackedBatch packedBatch() {
    int[] lengths = new int[json("packed_seq_lengths").size()];
    Arrays.setAll(lengths, i -> json("packed_seq_lengths").get(i).asInt());
    return PackedBatch.of(
        List.of(new PackedBatch.Row(ints("packed_input_ids"), ints("packed_labels"), lengths)));
  }

  /** For each token of {@link #batch} its place in the padded tensors. */
  int[] unpadded() {
    int[] mask = ints("attention_mask");
    int[] places = new int[mask.length];
    int count = 0;
    for (int i = 0; i < mask.length; i++) {
      if (mask[i] == 1) {
        places[count++] = i;
      }
    }
    return Arrays.copyOf(places, count);
  }

  /** A decoder without or with an adapter of the golden set, and its parameters. */
  record Loaded(AdapterStep step, Decoder decoder, Engine engine, Tensor parameters) {
    Loaded(Decoder decoder, Engine engine, Tensor parameters) {
      this(new AdapterStep(decoder, engine, false), decoder, engine, parameters);
    }

    ParameterLayout layout() {
      return decoder.layout();
    }

    StepResult meanLoss(PackedBatch batch) {
      return step.evaluate(parameters, batch, mean(batch));
    }

    StepResult meanLossAndGradient(PackedBatch batch, Tensor gradient) {
      return step.lossAndGradient(parameters, batch, mean(batch), 0, gradient);
    }

    private static CrossEntropyLoss mean(PackedBatch batch) {
      return new CrossEntropyLoss(batch.targetPositions().length);
    }
  }

  /**
   * @param bound relative
   */
  static void assertNorm(Tensor gradient, double expected, double bound) {
    double squares = 0;
    for (float value : gradient.toArray()) {
      squares += (double) value * value;
    }
    assertThat(Math.sqrt(squares)).isCloseTo(expected, within(bound * expected));
  }

  Loaded plain(Engine engine) throws IOException {
    try (CheckpointFolder checkpoint = checkpoint()) {
      Decoder decoder = Decoder.load(checkpoint, ParameterLayout.none(), engine, precision(name));
      return new Loaded(decoder, engine, engine.allocate(0));
    }
  }

  Loaded adapted(String adapter, Engine engine) throws IOException {
    try (CheckpointFolder checkpoint = checkpoint()) {
      AdapterFile file = AdapterFile.open(adapterFolder(adapter), checkpoint.config());
      AdapterLayout layout = file.layout();
      Tensor parameters = engine.allocate(layout.size());
      file.load(engine, parameters);
      Decoder decoder = Decoder.load(checkpoint, layout, engine, precision(name));
      return new Loaded(decoder, engine, parameters);
    }
  }
}
