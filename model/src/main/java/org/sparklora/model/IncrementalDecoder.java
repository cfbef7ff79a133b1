package org.sparklora.model;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.layer.CachedPlaces;
import org.sparklora.model.layer.KeyValues;
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

  public IncrementalDecoder(Decoder decoder, Engine engine) {
    this.decoder = decoder;
    this.engine = engine;
    this.workspace = new Workspace(engine);
    this.activations = Activations.forForwardAlone(decoder, engine);
  }

  public Decoder decoder() {
    return decoder;
  }

  public Engine engine() {
    return engine;
  }

  /**
   * The tokens of one call, from one or several texts.
   *
   * @param ids {@code (N)}
   * @param positions of each token in its text, {@code (N)}
   * @param slots of the cache, where the tokens' keys and values go, {@code (N)}
   * @param branches what each token sees, itself included, in slots of the cache
   */
  public record Tokens(int[] ids, int[] positions, int[] slots, List<Branch> branches) {}

  /**
   * Computes tokens and adds them to the cache.
   *
   * @param parameters vector of the decoder's layout
   * @param cache one for each layer
   * @param wanted the tokens whose logits are asked for, {@code (M)}
   * @param logits overwritten with those of the token that follows each of them, {@code (M, V)}
   */
  public void extend(
      Tensor parameters, Tokens tokens, List<KeyValues> cache, int[] wanted, Tensor logits) {
    DecoderStack stack = decoder.bind(parameters, Optional.empty(), Optional.empty());
    int longest = Arrays.stream(tokens.positions).max().orElseThrow() + 1;
    CachedPlaces places =
        new CachedPlaces(
            tokens.branches,
            tokens.slots,
            tokens.positions,
            decoder.rotary().tables(engine, longest));
    Tensor stream =
        stack.extend(workspace, places, tokens.ids, activations.reserve(tokens.ids.length), cache);
    new LossHead(workspace, stack, decoder.config().hiddenSize(), decoder.config().vocabSize())
        .logits(stream, wanted, logits);
  }

  /** Frees activations; the decoder stays. */
  @Override
  public void close() {
    activations.close();
    workspace.close();
  }
}
