package org.sparklora.model.lora;

import static org.sparklora.model.engine.SplitMix64.GAMMA;
import static org.sparklora.model.engine.SplitMix64.mix;
import static org.sparklora.model.engine.SplitMix64.unit;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongToDoubleFunction;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Where each LoRA factor lies in the flat adapter vector: for every targeted linear layer, in the
 * order of computation, A {@code (R, in)} and then B {@code (out, R)}. Only this class knows PEFT's
 * names of the factors.
 *
 * <p>Immutable and thread-safe.
 */
public final class AdapterLayout implements ParameterLayout {
  private static final long serialVersionUID = 1;
  private static final String PREFIX = "base_model.model.";
  private static final int CHUNK = 1 << 16;

  private final LoraConfig config;
  private final LinkedHashMap<String, Factors> factors = new LinkedHashMap<>(); // by module name
  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(); // by name
  private final ArrayList<String> targetNames;

  private AdapterLayout(LoraConfig config, DecoderConfig model) {
    this.config = config;
    Map<String, long[]> shapes = WeightNames.expected(model);
    long[] embedding = shapes.get(WeightNames.EMBEDDING); // also the shape of a tied head
    long offset = 0;
    for (String module : config.targets().select(model.linearNames())) {
      int rank = config.rank(module);
      long[] shape = shapes.getOrDefault(module + ".weight", embedding);
      Factors pair = new Factors(rank, (int) shape[1], (int) shape[0], offset);
      factors.put(module, pair);
      add(new Entry(name(module, "lora_A"), new long[] {rank, pair.in}, pair.aOffset, true));
      add(new Entry(name(module, "lora_B"), new long[] {pair.out, rank}, pair.bOffset(), true));
      offset = pair.end();
    }
    this.targetNames = shortest(factors.keySet(), model.linearNames());
    new ExpertTargets(config, model, factors).check();
  }

  private void add(Entry entry) {
    entries.put(entry.name(), entry);
  }

  /**
   * The layout of an adapter for a model.
   *
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

  /** Whether a tensor is the embedding's table or the head, which PEFT may store whole. */
  static boolean isWeightOfBase(String name) {
    return name.equals(PREFIX + WeightNames.EMBEDDING) || name.equals(PREFIX + WeightNames.HEAD);
  }

  /** The rank, scale, dropout and targets of this layout. */
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

  @Override
  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  @Override
  public Optional<Entry> entry(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** Elements of the factors that multiply a token: in a mixture only those of its experts. */
  public double activeSize(DecoderConfig model) {
    double inactive =
        model.linears().stream().mapToDouble(of -> (1 - of.share()) * size(of.module())).sum();
    return size() - inactive;
  }

  private long size(String module) {
    return factors(module).map(of -> of.end() - of.aOffset).orElse(0L);
  }

  /** The largest rank of any layer. */
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
   * The place of the two factors of one linear layer.
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
