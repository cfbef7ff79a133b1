package org.sparklora.model.lora;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Tensor;

/**
 * Where each LoRA factor lies in the flat adapter vector: for every targeted linear layer, in the
 * order of computation, A {@code (R, in)} and then B {@code (out, R)}. The only place that knows
 * how PEFT names them.
 *
 * <p>Immutable and thread-safe.
 */
public final class AdapterLayout implements ParameterLayout {
  private static final long serialVersionUID = 1;
  private static final String PREFIX = "base_model.model.";

  private final LoraConfig config;
  private final LinkedHashMap<String, Factors> factors; // by module name
  private final ArrayList<Entry> entries;
  private final ArrayList<String> targetNames;
  private final long size;

  private AdapterLayout(
      LoraConfig config,
      LinkedHashMap<String, Factors> factors,
      ArrayList<Entry> entries,
      ArrayList<String> targetNames,
      long size) {
    this.config = config;
    this.factors = factors;
    this.entries = entries;
    this.targetNames = targetNames;
    this.size = size;
  }

  /**
   * The layout of an adapter for a model.
   *
   * @throws IllegalArgumentException if the config targets no layer of the model
   */
  public static AdapterLayout of(LoraConfig config, DecoderConfig model) {
    LinkedHashMap<String, Factors> factors = new LinkedHashMap<>();
    ArrayList<Entry> entries = new ArrayList<>();
    Map<String, int[]> shapes = linearShapes(model);
    long offset = 0;
    for (String module : config.targets().select(model.linearNames())) {
      int out = shapes.get(module)[0];
      int in = shapes.get(module)[1];
      Factors pair = new Factors(config.rank(), in, out, offset);
      factors.put(module, pair);
      entries.add(new Entry(nameOfA(module), new long[] {config.rank(), in}, pair.aOffset(), true));
      entries.add(
          new Entry(nameOfB(module), new long[] {out, config.rank()}, pair.bOffset(), true));
      offset = pair.end();
    }
    ArrayList<String> targetNames = shortest(factors.keySet(), model.linearNames());
    return new AdapterLayout(config, factors, entries, targetNames, offset);
  }

  /** {@code q_proj} instead of the full name in every layer, where that names the same layers. */
  private static ArrayList<String> shortest(Set<String> modules, List<String> linears) {
    List<String> leaves =
        modules.stream()
            .map(module -> module.substring(module.lastIndexOf('.') + 1))
            .distinct()
            .toList();
    LoraTargets.Names byLeaf = new LoraTargets.Names(leaves);
    boolean same =
        linears.stream().allMatch(linear -> byLeaf.matches(linear) == modules.contains(linear));
    return new ArrayList<>(same ? leaves : modules);
  }

  private static Map<String, int[]> linearShapes(DecoderConfig model) {
    Map<String, int[]> shapes = new LinkedHashMap<>();
    for (int layer = 0; layer < model.numHiddenLayers(); layer++) {
      for (Projection projection : Projection.values()) {
        shapes.put(
            projection.module(layer), new int[] {projection.out(model), projection.in(model)});
      }
    }
    shapes.put(WeightNames.HEAD_MODULE, new int[] {model.vocabSize(), model.hiddenSize()});
    return shapes;
  }

  static String nameOfA(String module) {
    return PREFIX + module + ".lora_A.weight";
  }

  static String nameOfB(String module) {
    return PREFIX + module + ".lora_B.weight";
  }

  /** What PEFT calls the matrix under an adapter, where it stores it at all. */
  static String nameOfBase(String module) {
    return PREFIX + module + ".base_layer.weight";
  }

  /** Whether a tensor is the embedding's table or the head, which PEFT may store whole. */
  static boolean isWeightOfBase(String name) {
    return name.equals(PREFIX + WeightNames.EMBEDDING) || name.equals(PREFIX + WeightNames.HEAD);
  }

  /** The rank, scale, dropout and targets this layout was made for. */
  public LoraConfig config() {
    return config;
  }

  /** {@code target_modules} as names that select exactly {@link #modules()}. */
  List<String> targetNames() {
    return List.copyOf(targetNames);
  }

  /** The targeted linear layers, in the order of the vector. */
  public List<String> modules() {
    return List.copyOf(factors.keySet());
  }

  /** Where the factors of a linear layer lie, if it is targeted. */
  public Optional<Factors> factors(String module) {
    return Optional.ofNullable(factors.get(module));
  }

  @Override
  public List<Entry> entries() {
    return List.copyOf(entries);
  }

  @Override
  public long size() {
    return size;
  }

  /**
   * PEFT's initial adapter: A uniform in ±1/√in (Kaiming's with a = √5), B zero, so that the model
   * starts as its base. The same seed gives the same adapter; a layer's A does not depend on which
   * other layers are targeted.
   *
   * @param parameters overwritten, {@code (size)}
   */
  public void initialize(Tensor parameters, long seed) {
    factors.forEach(
        (module, pair) -> {
          UniformNumbers numbers = new UniformNumbers(seed, module);
          numbers.fill(pair.a(parameters), 1 / Math.sqrt(pair.in()));
          UniformNumbers.zero(pair.b(parameters));
        });
  }

  /**
   * The two factors of one linear layer.
   *
   * @param rank R
   * @param in the layer's inputs
   * @param out the layer's outputs
   * @param aOffset where A begins in the vector; B follows A
   */
  public record Factors(int rank, int in, int out, long aOffset) implements java.io.Serializable {

    long bOffset() {
      return aOffset + (long) rank * in;
    }

    long end() {
      return bOffset() + (long) out * rank;
    }

    /** A {@code (R, in)}, a view into a vector of this layout. */
    public Tensor a(Tensor vector) {
      return vector.view(aOffset, rank, in);
    }

    /** B {@code (out, R)}, a view into a vector of this layout. */
    public Tensor b(Tensor vector) {
      return vector.view(bOffset(), out, rank);
    }
  }
}
