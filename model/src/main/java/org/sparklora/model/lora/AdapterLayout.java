package org.sparklora.model.lora;

import static org.sparklora.model.config.InvalidSetting.require;
import static org.sparklora.model.engine.SplitMix64.GAMMA;
import static org.sparklora.model.engine.SplitMix64.mix;
import static org.sparklora.model.engine.SplitMix64.unit;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Where each LoRA factor lies in the flat adapter vector: for every targeted linear layer, in the
 * order of computation, A {@code (R, in)} and then B {@code (out, R)}. Only this class knows PEFT's
 * names of the factors.
 *
 * <p>Immutable and thread-safe.
 */
public final class AdapterLayout extends ParameterLayout {
  private static final long serialVersionUID = 1;
  private static final String PREFIX = "base_model.model.";
  private static final int CHUNK = 1 << 16;

  private final LoraConfig config;
  private final LinkedHashMap<String, Factors> factors = new LinkedHashMap<>(); // by module name
  private final ArrayList<String> targetNames;

  private AdapterLayout(LoraConfig config, DecoderConfig model) {
    this.config = config;
    Map<String, long[]> shapes = WeightNames.expected(model);
    long[] embedding = shapes.get(WeightNames.EMBEDDING); // also the shape of a tied head
    for (String module : config.targets().select(model.linearNames())) {
      int rank = config.rank(module);
      long[] shape = shapes.getOrDefault(module + ".weight", embedding);
      Entry a = add(name(module, "lora_A"), rank, shape[1]);
      Entry b = add(name(module, "lora_B"), shape[0], rank);
      factors.put(module, new Factors(a, b, (float) config.scale(module)));
    }
    this.targetNames = shortest(factors.keySet(), model.linearNames());
    config.patterns().warnOfUnmatched(factors.keySet());
    checkExperts(model);
  }

  /** Refuses adapters that PEFT, which joins the factors of a block's experts, cannot load. */
  private void checkExperts(DecoderConfig model) {
    boolean any = false;
    for (int layer = 0; layer < model.numHiddenLayers(); layer++) {
      Optional<DecoderConfig.Experts> experts = model.layers().get(layer).experts();
      if (experts.isPresent()) {
        any |= factors.containsKey(WeightNames.router(layer));
        any |= areAlike(layer, experts.get().count(), EnumSet.of(Projection.GATE, Projection.UP));
        any |= areAlike(layer, experts.get().count(), EnumSet.of(Projection.DOWN));
      }
    }
    String joined = " if experts or routers have adapters: PEFT cannot load others";
    require(!any || config.dropout() == 0, "lora_dropout", config.dropout(), "must be 0" + joined);
    require(!any || !config.rslora(), "use_rslora", true, "must be false" + joined);
    LoraConfig.Patterns patterns = config.patterns();
    require(
        !any || patterns.alphas().isEmpty(),
        "lora_alpha_pattern",
        patterns.alphas(),
        "must be empty" + joined);
    boolean named = patterns.ranks().keySet().stream().anyMatch(of -> of.endsWith("gate_up_proj"));
    boolean renamed = // in PEFT, where a pattern for the names here does not match
        factors.keySet().stream()
            .filter(of -> of.contains(".mlp.") && !(named && of.contains(WeightNames.EXPERTS)))
            .anyMatch(of -> config.rank(of) != config.rank());
    require(
        !any || !renamed,
        "lora_rank_pattern",
        patterns.ranks(),
        "must match no feed-forward layer or router" + joined + "; see lora_rank_per_expert");
    require(
        model.experts().isPresent() || !named,
        "lora_rank_per_expert",
        config.expertRank(),
        "the model has no experts; leave it out");
  }

  /** Whether the experts of a block have adapters; refuses those that PEFT cannot join. */
  private boolean areAlike(int layer, int experts, Set<Projection> joined) {
    Set<Integer> ranks = // 0 without an adapter
        joined.stream()
            .flatMap(p -> IntStream.range(0, experts).mapToObj(e -> p.module(layer, e)))
            .map(module -> factors(module).map(Factors::rank).orElse(0))
            .collect(Collectors.toSet());
    require(
        ranks.size() == 1,
        "lora_target_modules",
        config.targets().include(),
        "PEFT joins the experts of a block, and gate_proj with up_proj: give all of these adapters of one rank, or none");
    return !ranks.contains(0);
  }

  /**
   * @throws IllegalArgumentException if the config targets no layer of the model
   */
  public static AdapterLayout of(LoraConfig config, DecoderConfig model) {
    return new AdapterLayout(config, model);
  }

  /** Shortens full names to names such as {@code q_proj} if these select the same layers. */
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

  private static String name(String module, String matrix) {
    return PREFIX + module + "." + matrix + ".weight";
  }

  /** PEFT's name of the matrix under an adapter, which PEFT stores only in some files. */
  static String nameOfBase(String module) {
    return name(module, "base_layer");
  }

  /** Whether a tensor is the embedding's table, the head, or a matrix under an adapter. */
  static boolean isWeightOfBase(String name) {
    return name.endsWith(".base_layer.weight")
        || name.equals(PREFIX + WeightNames.EMBEDDING)
        || name.equals(PREFIX + WeightNames.HEAD);
  }

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

  /** The places of a linear layer's factors, if the layer is targeted. */
  public Optional<Factors> factors(String module) {
    return Optional.ofNullable(factors.get(module));
  }

  /** Elements of the factors that multiply a token: in a mixture only those of its experts. */
  public double activeSize(DecoderConfig model) {
    double inactive =
        model.linears().stream().mapToDouble(of -> (1 - of.share()) * size(of.module())).sum();
    return size() - inactive;
  }

  private long size(String module) {
    return factors(module).map(of -> of.ofA.size() + of.ofB.size()).orElse(0L);
  }

  /** Elements of an adapter of rank 1 on the same layers: Σ (in + out). */
  public long sizeOfRankOne() {
    return factors.values().stream().mapToLong(of -> of.in() + of.out()).sum();
  }

  public int largestRank() {
    return factors.values().stream().mapToInt(Factors::rank).max().orElse(0);
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
          double bound = 1 / Math.sqrt(pair.in());
          long start = start(seed, module);
          fill(pair.a(parameters), i -> (2 * unit(mix(start + (i + 1) * GAMMA)) - 1) * bound);
          fill(pair.b(parameters), i -> 0);
        });
  }

  /** The start of a module's random numbers. */
  private static long start(long seed, String module) {
    long state = mix(seed);
    for (char letter : module.toCharArray()) {
      state = mix(state + letter + GAMMA);
    }
    return state;
  }

  private static void fill(Tensor y, LongToDoubleFunction element) {
    float[] values = new float[(int) Math.min(CHUNK, y.size())];
    for (long done = 0; done < y.size(); done += values.length) {
      int count = (int) Math.min(values.length, y.size() - done);
      for (int i = 0; i < count; i++) {
        values[i] = (float) element.applyAsDouble(done + i);
      }
      y.write(done, values, 0, count);
    }
  }

  /**
   * The places of the two factors of one linear layer.
   *
   * @param ofA A {@code (R, in)}
   * @param ofB B {@code (out, R)}
   * @param scale s, the factor of {@code x·Aᵀ·Bᵀ}
   */
  public record Factors(Entry ofA, Entry ofB, float scale) implements Serializable {

    /** R. */
    public int rank() {
      return (int) ofA.shape()[0];
    }

    public int in() {
      return (int) ofA.shape()[1];
    }

    public int out() {
      return (int) ofB.shape()[0];
    }

    /** A, a view into a vector of this layout. */
    public Tensor a(Tensor vector) {
      return ofA.in(vector);
    }

    /** B, a view into a vector of this layout. */
    public Tensor b(Tensor vector) {
      return ofB.in(vector);
    }
  }
}
