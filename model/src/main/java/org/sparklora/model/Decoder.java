package org.sparklora.model;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.sparklora.model.DecoderBlock.SublayerNorms;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.ModelFamily.NormPlace;
import org.sparklora.model.checkpoint.Projection;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.DenseLinear;
import org.sparklora.model.layer.FeedForward;
import org.sparklora.model.layer.GatedFeedForward;
import org.sparklora.model.layer.GroupedQueryAttention;
import org.sparklora.model.layer.GroupedQueryAttention.HeadLinear;
import org.sparklora.model.layer.Linear;
import org.sparklora.model.layer.LoraLinear;
import org.sparklora.model.layer.RmsNorm;
import org.sparklora.model.layer.RotaryEmbedding;
import org.sparklora.model.layer.RoutedFeedForward;
import org.sparklora.model.layer.TokenEmbedding;
import org.sparklora.model.layer.Weight;
import org.sparklora.model.lora.AdapterLayout;

/**
 * The frozen weights of a model and the structure of all its layers. The trained parameters come as
 * one flat vector with every call, so one decoder serves any number of adapters of its layout.
 *
 * <p>Immutable after loading and thread-safe; see {@link AdapterStep} for running it. The decoder
 * owns its weights; close it only after every object that runs it.
 */
public final class Decoder implements AutoCloseable {
  private final DecoderConfig config;
  private final ParameterLayout layout;
  private final Map<String, Tensor> frozen = new HashMap<>();
  private final RotaryEmbedding rotary;
  private final float embeddingScale;

  private Decoder(DecoderConfig config, ParameterLayout layout, DType weights) {
    this.config = config;
    this.embeddingScale = config.embeddingScale(weights);
    this.layout = layout;
    this.rotary = new RotaryEmbedding(config);
  }

  /**
   * Loads the weights that {@code trainable} does not hold.
   *
   * @param trainable layout of the parameter vector of each call: an {@link AdapterLayout}, a
   *     {@link WeightLayout} or {@link ParameterLayout#none()}
   * @param precision {@code weights} is the type that matrices are kept in: values stored with more
   *     precision are rounded, as PyTorch does. {@code products} is set on the {@link
   *     Engine#withProductsIn engine}
   */
  public static Decoder load(
      CheckpointFolder checkpoint, ParameterLayout trainable, Engine engine, Precision precision)
      throws IOException {
    return of(
        checkpoint.config(),
        trainable,
        precision.weights(),
        (name, shape) -> {
          if (isQuantized(name, precision)) {
            return quantized(
                checkpoint.load(name, precision.weights(), Engines.host()), engine, precision);
          }
          if (shape.length == 2) {
            DType kept = kept(precision.weights(), checkpoint.storedType(name), engine);
            return checkpoint.load(name, kept, engine);
          }
          // norms and biases are small, and engines read them as float32 only
          Tensor vector =
              engine.inType(DType.FLOAT32, checkpoint.load(name, precision.weights(), engine));
          if (!checkpoint.config().isOnePlus(name)) {
            return vector;
          }
          try (vector) {
            return WeightLayout.sum(engine, 1, vector);
          }
        });
  }

  private static boolean isQuantized(String name, Precision precision) {
    return precision.quantization() != Quantization.NONE && Projection.isMatrix(name);
  }

  /** Quantises w, which should lie in host memory, and closes it. */
  private static Tensor quantized(Tensor w, Engine engine, Precision precision) {
    try (w) {
      return engine.quantized(precision.quantization().of(w, precision.weights()));
    }
  }

  /** A decoder of a shape with {@link RandomWeights}, for measurements. */
  public static Decoder ofRandomWeights(
      DecoderConfig config, ParameterLayout trainable, Engine engine, Precision precision) {
    RandomWeights random = new RandomWeights(engine, 1);
    return of(
        config,
        trainable,
        precision.weights(),
        (name, shape) ->
            isQuantized(name, precision)
                ? quantized(random.of(precision.weights(), shape), engine, precision)
                : random.of(precision.weights(), shape));
  }

  /** A decoder of a shape on an engine that only counts: its weights are never read. */
  static Decoder unread(DecoderConfig config, ParameterLayout trainable, Engine engine) {
    return of(config, trainable, DType.FLOAT32, (name, shape) -> engine.allocate(shape));
  }

  /** Makes a weight of this name. */
  private interface Source<E extends Exception> {
    Tensor open(String name, long[] shape) throws E;
  }

  private static <E extends Exception> Decoder of(
      DecoderConfig config, ParameterLayout trainable, DType weights, Source<E> source) throws E {
    Decoder decoder = new Decoder(config, trainable, weights);
    try {
      for (Map.Entry<String, long[]> weight : WeightNames.expected(config).entrySet()) {
        String name = weight.getKey();
        if (trainable.entry(name).isEmpty()) {
          decoder.frozen.put(name, source.open(name, weight.getValue()));
        }
      }
      return decoder;
    } catch (Throwable e) { // OutOfMemoryError is a likely one
      decoder.close();
      throw e;
    }
  }

  /**
   * The type that a matrix of a frozen base, stored in {@code stored}, is kept in if {@code
   * weights} is asked for. Widening bfloat16 to float32 adds no information, so some engines keep a
   * bfloat16 matrix as it is stored.
   */
  public static DType kept(DType weights, DType stored, Engine engine) {
    return stored == DType.BFLOAT16 && engine.keepsBfloat16() ? stored : weights;
  }

  /** The type that matrices of linear layers are kept in; {@code others} is that of others. */
  public static DType keptLinear(Precision precision, DType others, Engine engine) {
    if (precision.quantization() == Quantization.NONE) {
      return others;
    }
    return engine.keepsNf4() ? DType.NF4 : DType.FLOAT32;
  }

  public DecoderConfig config() {
    return config;
  }

  /** The layout of the parameter vector of each call. */
  public ParameterLayout layout() {
    return layout;
  }

  /** Bytes of the frozen weights, mapped ones included. */
  public long weightBytes() {
    return frozen.values().stream().mapToLong(Tensor::bytes).sum();
  }

  RotaryEmbedding rotary() {
    return rotary;
  }

  /**
   * The layers over one parameter vector.
   *
   * @param gradient the vector that backward adds to; empty if no backward will follow
   * @param dropoutSeed seed of this pass; empty for no dropout
   * @param packed supplies linear layers' weights for decoding; must stay open as the layers do
   */
  DecoderStack bind(
      Tensor parameters,
      Optional<Tensor> gradient,
      Optional<Long> dropoutSeed,
      Optional<PackedWeights> packed) {
    return new Binding(this, parameters, gradient, dropoutSeed, packed).stack();
  }

  /** Frees the weights; no computation may be using them. */
  @Override
  public void close() {
    frozen.values().forEach(Tensor::close);
    rotary.close();
  }

  /** Builds layers whose weights are frozen tensors or views into the parameter vector. */
  private record Binding(
      Decoder decoder,
      Tensor parameters,
      Optional<Tensor> gradient,
      Optional<Long> dropoutSeed,
      Optional<PackedWeights> packed) {
    private static final int WITHOUT_DROPOUT = 0; // number of the masks of routers and experts

    DecoderStack stack() {
      DecoderConfig config = decoder.config;
      int layers = config.numHiddenLayers();
      String head = config.tieWordEmbeddings() ? WeightNames.EMBEDDING : WeightNames.HEAD;
      DenseLinear dense = new DenseLinear(ofLinear(head), Optional.empty());
      return new DecoderStack(
          new TokenEmbedding(
              weight(WeightNames.EMBEDDING),
              config.padTokenId().orElse(-1),
              decoder.embeddingScale),
          IntStream.range(0, layers).mapToObj(this::block).toList(),
          norm(WeightNames.FINAL_NORM),
          adapted(WeightNames.HEAD_MODULE, layers * Projection.values().length, dense));
    }

    private DecoderBlock block(int layer) {
      GroupedQueryAttention attention =
          new GroupedQueryAttention(
              layer,
              new GroupedQueryAttention.Projections(
                  toHeads(Projection.QUERY, layer),
                  toHeads(Projection.KEY, layer),
                  linear(Projection.VALUE, layer),
                  linear(Projection.OUTPUT, layer)),
              decoder.config.attention(),
              decoder.config.layers().get(layer));
      return new DecoderBlock(
          norms(layer, NormPlace.BEFORE_ATTENTION, NormPlace.AFTER_ATTENTION),
          attention,
          norms(layer, NormPlace.BEFORE_FEED_FORWARD, NormPlace.AFTER_FEED_FORWARD),
          feedForward(layer));
    }

    private FeedForward feedForward(int layer) {
      Optional<DecoderConfig.Experts> experts = decoder.config.layers().get(layer).experts();
      return experts.isEmpty()
          ? gated(projection -> linear(projection, layer))
          : new RoutedFeedForward(
              linear(WeightNames.router(layer), false, WITHOUT_DROPOUT),
              IntStream.range(0, experts.get().count())
                  .mapToObj(e -> gated(of -> linear(of.module(layer, e), false, WITHOUT_DROPOUT)))
                  .toList(),
              experts.get().rule());
    }

    private GatedFeedForward gated(Function<Projection, Linear> linear) {
      return new GatedFeedForward(
          decoder.config.gate(),
          linear.apply(Projection.GATE),
          linear.apply(Projection.UP),
          linear.apply(Projection.DOWN));
    }

    private SublayerNorms norms(int layer, NormPlace before, NormPlace after) {
      return new SublayerNorms(
          decoder.config.norm(before, layer).map(this::norm),
          decoder.config.norm(after, layer).map(this::norm));
    }

    private HeadLinear toHeads(Projection projection, int layer) {
      boolean normed = decoder.config.headNorm(projection) > 0;
      return new HeadLinear(
          linear(projection, layer),
          normed ? Optional.of(norm(projection.norm(layer))) : Optional.empty());
    }

    private RmsNorm norm(String name) {
      return new RmsNorm(weight(name), decoder.config.rmsNormEps());
    }

    private Linear linear(Projection projection, int layer) {
      int number = layer * Projection.values().length + projection.ordinal();
      return linear(projection.module(layer), projection.hasBias(decoder.config), number);
    }

    private Linear linear(String module, boolean biased, int number) {
      Optional<Weight> bias = biased ? Optional.of(weight(module + ".bias")) : Optional.empty();
      return adapted(module, number, new DenseLinear(ofLinear(module + ".weight"), bias));
    }

    private Weight ofLinear(String name) {
      Weight weight = weight(name);
      return packed
          .map(copies -> copies.of(weight, decoder.frozen.containsKey(name)))
          .orElse(weight);
    }

    /** {@code number} sets the module's dropout mask apart from those of other modules. */
    private Linear adapted(String module, int number, DenseLinear base) {
      if (!(decoder.layout instanceof AdapterLayout adapter) || adapter.factors(module).isEmpty()) {
        return base;
      }
      AdapterLayout.Factors factors = adapter.factors(module).get();
      float dropout = dropoutSeed.isPresent() ? (float) adapter.config().dropout() : 0f;
      // the head adds each chunk's first row to its seed, so the modules' seeds lie 2^32 apart
      long seed = dropoutSeed.orElse(0L) + (number + 1L << 32);
      return new LoraLinear(
          base,
          new Weight(factors.a(parameters), gradient.map(factors::a)),
          new Weight(factors.b(parameters), gradient.map(factors::b)),
          factors.scale(),
          dropout,
          seed);
    }

    private Weight weight(String name) {
      Tensor value = decoder.frozen.get(name);
      if (value != null) {
        return Weight.frozen(value);
      }
      ParameterLayout.Entry entry = decoder.layout.entry(name).orElseThrow();
      return new Weight(entry.in(parameters), gradient.map(entry::in));
    }
  }
}
