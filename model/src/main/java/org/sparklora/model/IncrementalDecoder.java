package org.sparklora.model;

import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Indices;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.layer.KeyValues;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;

/**
 * Runs a decoder over tokens whose predecessors were computed before and left their keys and values
 * in a cache. Unlike {@link AdapterStep} it computes each token of a text once, one after the
 * other, and keeps nothing for a backward.
 *
 * <p>Not thread-safe: one call at a time.
 */
public final class IncrementalDecoder implements AutoCloseable {
  private final Decoder decoder;
  private final Engine engine;
  private final Workspace workspace;
  private final Activations activations;
  private final PackedWeights packed;

  public IncrementalDecoder(Decoder decoder, Engine engine) {
    this.decoder = decoder;
    this.engine = engine;
    this.workspace = new Workspace(engine);
    this.activations = Activations.forForwardAlone(decoder, engine);
    this.packed = new PackedWeights(engine);
  }

  public Decoder decoder() {
    return decoder;
  }

  public Engine engine() {
    return engine;
  }

  /**
   * Binds the layers to a parameter vector, once for all tokens that are computed with it. Where
   * the engine {@link Engine#packsWeights packs weights}, linear layers compute with copies: of
   * frozen weights this decoder keeps them for the next plan.
   *
   * @param parameters vector of the decoder's layout, which must outlive the plan and stay as it is
   * @return to be closed by the caller, before the next one is made
   */
  public Plan plan(Tensor parameters) {
    try {
      return new Plan(decoder.bind(parameters, packed));
    } catch (RuntimeException | Error e) { // memory may not suffice for all
      packed.close();
      throw e;
    }
  }

  /**
   * One more token of each of several texts.
   *
   * @param ids {@code (N)}
   * @param positions of each token in its text, {@code (N)}
   * @param slots of the cache, where the tokens' keys and values go, {@code (N)}
   * @param branches what each token sees, itself included, in slots of the cache
   */
  public record Tokens(int[] ids, int[] positions, int[] slots, List<Branch> branches) {}

  /** The decoder's layers over one parameter vector, and the memory that they compute in. */
  public final class Plan implements AutoCloseable {
    private final DecoderStack stack;
    private final LossHead head;

    private Plan(DecoderStack stack) {
      this.stack = stack;
      this.head = new LossHead(workspace, stack, decoder.config().vocabSize());
    }

    /**
     * Computes whole texts, which see nothing before them, and adds them to the cache.
     *
     * @param texts P texts, end to end
     * @param ids of their tokens, {@code (N)}
     * @param slots of the cache, where the tokens' keys and values go, {@code (N)}
     * @param cache one for each layer
     * @param logits overwritten with those of the token that follows each text, {@code (P, V)}
     */
    public void begin(
        Segments texts, int[] ids, int[] slots, List<KeyValues> cache, Tensor logits) {
      int[] last = IntStream.range(0, texts.count()).map(p -> texts.end(p) - 1).toArray();
      try (AttentionMask mask = engine.mask(texts)) {
        run(new Pass(mask, ids, texts.positions(), slots, cache, false), last, logits);
      }
    }

    /**
     * Computes tokens and adds them to the cache.
     *
     * @param cache one for each layer
     * @param logits overwritten with those of the token that follows each of them, {@code (N, V)}
     */
    public void extend(Tokens tokens, List<KeyValues> cache, Tensor logits) {
      int[] all = IntStream.range(0, tokens.ids.length).toArray();
      try (AttentionMask mask = engine.mask(tokens.branches)) {
        run(new Pass(mask, tokens.ids, tokens.positions, tokens.slots, cache, true), all, logits);
      }
    }

    private void run(Pass pass, int[] wanted, Tensor logits) {
      int longest = Arrays.stream(pass.positions).max().orElseThrow() + 1;
      try (Indices ids = engine.indices(pass.ids);
          Indices positions = engine.indices(pass.positions);
          Indices slots = engine.indices(pass.slots)) {
        TokenPlaces places =
            new TokenPlaces(
                pass.mask,
                positions,
                decoder.rotary().tables(engine, longest),
                pass.cache,
                slots,
                pass.seesCache);
        Tensor stream = stack.forward(workspace, places, ids, activations.reserve(ids.count()));
        head.logits(stream, wanted, logits);
      }
    }

    /** Frees the copies of weights that change with the parameters. */
    @Override
    public void close() {
      packed.forgetTrained();
    }
  }

  /** What one pass computes, as {@link Tokens} and {@link TokenPlaces} have it. */
  private record Pass(
      AttentionMask mask,
      int[] ids,
      int[] positions,
      int[] slots,
      List<KeyValues> cache,
      boolean seesCache) {}

  /** Frees activations and the copies of weights; the decoder stays. */
  @Override
  public void close() {
    packed.close();
    activations.close();
    workspace.close();
  }
}
