package org.sparklora.model;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.DecodingSteps;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.KeyValues;
import org.sparklora.model.layer.RotaryEmbedding;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;

/**
 * Runs a decoder over tokens whose predecessors' keys and values are in a cache. Unlike {@link
 * AdapterStep} it computes a text's tokens one after the other, and keeps nothing for backward.
 *
 * <p>Not thread-safe: one call at a time.
 */
public final class IncrementalDecoder implements AutoCloseable {
  private final Decoder decoder;
  private final Engine engine;
  private final Workspace workspace;
  private final Activations activations;
  private final Optional<PackedWeights> packed;

  public IncrementalDecoder(Decoder decoder, Engine engine) {
    this.decoder = decoder;
    this.engine = engine;
    this.workspace = new Workspace(engine);
    this.activations = Activations.forForwardAlone(decoder, engine);
    long bytes =
        ActivationMemory.packedWeights(decoder.config(), DType.BFLOAT16, DType.BFLOAT16, engine);
    this.packed = bytes > 0 ? Optional.of(new PackedWeights(engine)) : Optional.empty();
  }

  public Decoder decoder() {
    return decoder;
  }

  /**
   * Binds the layers to a parameter vector, once for all tokens that are computed with it. If the
   * engine {@link Engine#packsWeights packs weights}, linear layers compute with packed copies,
   * with float32 products only if all copies fit in 4 GiB. This decoder keeps the copies of frozen
   * weights for the next plan.
   *
   * @param parameters vector of the decoder's layout, which must outlive the plan and stay as it is
   * @return a plan that the caller closes before making the next one
   */
  public Plan plan(Tensor parameters) {
    try {
      return new Plan(decoder.bind(parameters, Optional.empty(), Optional.empty(), packed));
    } catch (RuntimeException | Error e) { // memory may not suffice for all copies
      packed.ifPresent(PackedWeights::close);
      throw e;
    }
  }

  /** The decoder's layers over one parameter vector, and the memory that they compute in. */
  public final class Plan implements AutoCloseable {
    private final DecoderStack stack;
    private final LossHead head;
    private final DecodingSteps steps;

    private Plan(DecoderStack stack) {
      this.stack = stack;
      // experts of a step depend on its tokens
      this.steps = engine.decodingSteps(decoder.config().experts().isEmpty());
      this.head = LossHead.of(workspace, stack, decoder.config().vocabSize());
    }

    /**
     * Computes whole texts and adds their keys and values to the cache.
     *
     * @param texts P texts, end to end
     * @param ids token ids of the texts, {@code (N)}
     * @param slots by window, the slots of the last M tokens, whose keys and values its layers keep
     * @param cache that of each layer
     * @param logits overwritten with the logits of the token after each text, {@code (P, V)}
     */
    public void begin(
        Segments texts,
        int[] ids,
        Map<Integer, List<Branch.Run>> slots,
        List<KeyValues> cache,
        Tensor logits) {
      int[] last = IntStream.range(0, texts.count()).map(p -> texts.end(p) - 1).toArray();
      Map<Integer, Indices> kept = new HashMap<>();
      try (AttentionMask mask = engine.mask(texts);
          Indices tokens = engine.indices(ids);
          Indices positions = engine.indices(decoder.rotary().rows(texts))) {
        slots.forEach(
            (window, runs) -> {
              IntStream each =
                  runs.stream()
                      .flatMapToInt(of -> IntStream.range(of.start(), of.start() + of.length()));
              kept.put(window, engine.indices(each.toArray()));
            });
        RotaryEmbedding.Tables angles = decoder.rotary().tables(engine, texts.longest());
        TokenPlaces places =
            new TokenPlaces(
                tokens,
                mask::within,
                positions,
                angles,
                (layer, window, own) -> {
                  put(own, kept.get(window), cache.get(layer));
                  return own;
                });
        head.logits(forward(places), last, logits);
      } finally {
        kept.values().forEach(Indices::close);
      }
    }

    /** The number of rows of logits that {@link #extend} overwrites: at least {@code texts}. */
    public int rows(int texts) {
      return steps.rows(texts);
    }

    /**
     * Computes one more token of each text and adds its key and value to the cache.
     *
     * @param cache that of each layer
     * @param logits overwritten with the logits of the token after each of the N, {@code (rows(N),
     *     V)}; rows past N are meaningless
     */
    public void extend(DecodingSteps.Tokens tokens, List<KeyValues> cache, Tensor logits) {
      int longest = Arrays.stream(tokens.positions()).max().orElseThrow() + 1;
      RotaryEmbedding.Tables angles = decoder.rotary().tables(engine, longest);
      int[] rows = decoder.rotary().rows(tokens.positions());
      List<Tensor> replaceable = new ArrayList<>(angles.tensors());
      cache.forEach(layer -> replaceable.add(layer.keys())); // layers of a window grow together
      replaceable.add(logits);
      steps.run(
          new DecodingSteps.Tokens(tokens.ids(), rows, tokens.slots()),
          replaceable,
          in -> {
            TokenPlaces places =
                new TokenPlaces(
                    in.ids(),
                    window -> in.slots().get(window).mask(),
                    in.positions(),
                    angles,
                    (layer, window, own) ->
                        put(own, in.slots().get(window).own(), cache.get(layer)));
            head.logits(forward(places), logits);
          });
    }

    /** Puts the keys and values of a pass's last tokens into their slots; returns the cache. */
    private KeyValues put(KeyValues own, Indices slots, KeyValues cache) {
      engine.putRows(lastRows(own.keys(), slots.count()), slots, cache.keys());
      engine.putRows(lastRows(own.values(), slots.count()), slots, cache.values());
      return cache;
    }

    private static Tensor lastRows(Tensor x, int rows) {
      return rows == x.rows() ? x : x.rows(x.rows() - rows, x.rows());
    }

    private Tensor forward(TokenPlaces places) {
      return stack.forward(workspace, places, activations.reserve(places.tokens().count()));
    }

    /** Frees the memory of decoding steps and the copies of trained weights. */
    @Override
    public void close() {
      steps.close();
      packed.ifPresent(PackedWeights::forgetTrained);
    }
  }

  /** Frees activations and the copies of weights; the decoder stays. */
  @Override
  public void close() {
    packed.ifPresent(PackedWeights::close);
    activations.close();
    workspace.close();
  }
}
