package org.sparklora.model;

import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import org.sparklora.model.engine.Arrival;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.RotaryEmbedding;
import org.sparklora.model.layer.TokenPlaces;
import org.sparklora.model.layer.Workspace;
import org.sparklora.model.layer.Workspace.Buffer;
import org.sparklora.model.loss.TokenLogProbs;
import org.sparklora.model.loss.TokenLoss;

/**
 * Runs a decoder over packed batches: loss and gradient for a trainer, loss or log-probabilities
 * for an evaluation. The trained parameters, an adapter or all weights, come as one flat vector
 * with every call.
 *
 * <p>Thread-safe; calls run one after the other: they share one set of activations, as large as the
 * largest batch needs, and the engine uses all CPU cores for one batch anyway.
 */
public final class AdapterStep implements AutoCloseable {
  private final Decoder decoder;
  private final Engine engine;
  private final Workspace workspace;
  private final Activations training;
  private final Activations inference;

  /**
   * @param gradientCheckpointing whether forward keeps only each block's input and up to 256 MiB of
   *     the last blocks' inner activations, instead of all activations, and backward recomputes the
   *     rest: bit-identical gradients, for a fraction of the memory and up to a third more time
   */
  public AdapterStep(Decoder decoder, Engine engine, boolean gradientCheckpointing) {
    this(decoder, engine, Activations.blockBytes(gradientCheckpointing));
  }

  /** {@code blockBytes} may be taken by {@link Activations} for the inner activations of blocks. */
  AdapterStep(Decoder decoder, Engine engine, long blockBytes) {
    this.decoder = decoder;
    this.engine = engine;
    this.workspace = new Workspace(engine);
    this.training = Activations.forBackward(decoder, engine, blockBytes);
    this.inference = Activations.forForwardAlone(decoder, engine);
  }

  /**
   * Forward and backward; waits for the result.
   *
   * @param parameters vector of the decoder's layout
   * @param dropoutSeed seed of the adapter's dropout; give every micro-batch its own
   * @param gradient the loss's gradient is added to it; same layout
   * @return the loss; if it is not finite, the gradient is useless and the caller must stop
   * @throws IllegalArgumentException if a vector has another size or a token is out of vocabulary
   */
  public StepResult lossAndGradient(
      Tensor parameters, PackedBatch batch, TokenLoss loss, long dropoutSeed, Tensor gradient) {
    return begin(parameters, batch, loss, dropoutSeed, gradient).await();
  }

  /**
   * Starts {@link #lossAndGradient} without waiting for a device, which may still compute when this
   * method returns. Reading the gradient waits for the result as well.
   */
  public Arrival<StepResult> begin(
      Tensor parameters, PackedBatch batch, TokenLoss loss, long dropoutSeed, Tensor gradient) {
    checkSize("gradient", gradient);
    return inPass(
        parameters,
        batch,
        Optional.of(gradient),
        Optional.of(dropoutSeed),
        pass -> {
          Tensor dStream = workspace.lendZeros(Buffer.D_STREAM, pass.stream.shape());
          Arrival<StepResult> result =
              head(pass.stack)
                  .lossAndGradient(pass.stream, batch, loss, loss.gradientDependsOn(), dStream);
          double weight = loss.routerWeight();
          double ofRouters = training.routers().loss();
          if (batch.targetPositions().length > 0 || weight > 0) {
            training.routers().weigh(weight);
            pass.stack.backward(workspace, pass.places, training, dStream);
          }
          return () -> result.await().plus(ofRouters, weight);
        });
  }

  /** Forward only, without dropout. */
  public StepResult evaluate(Tensor parameters, PackedBatch batch, TokenLoss loss) {
    return forward(
        parameters,
        batch,
        pass ->
            head(pass.stack)
                .loss(pass.stream, batch, loss)
                .plus(inference.routers().loss(), loss.routerWeight()));
  }

  /** Log-probabilities of the batch's targets, without dropout, logits divided by temperature. */
  public TokenLogProbs logProbs(Tensor parameters, PackedBatch batch, float temperature) {
    return forward(
        parameters, batch, pass -> head(pass.stack).logProbs(pass.stream, batch, temperature));
  }

  private <T> T forward(Tensor parameters, PackedBatch batch, Function<Pass, T> use) {
    return inPass(parameters, batch, Optional.empty(), Optional.empty(), use);
  }

  /** A batch in the engine's memory, and the end of the stream after the layers' forward. */
  private record Pass(DecoderStack stack, TokenPlaces places, Tensor stream) {}

  /** Runs a pass, thousands of engine calls, on the thread from which they cost least. */
  private synchronized <T> T inPass(
      Tensor parameters,
      PackedBatch batch,
      Optional<Tensor> gradient,
      Optional<Long> dropoutSeed,
      Function<Pass, T> use) {
    checkSize("parameters", parameters);
    checkTokens(batch);
    Segments segments = batch.segments();
    return engine.run(
        () -> {
          try (AttentionMask mask = engine.mask(segments);
              Indices tokens = engine.indices(batch.tokens());
              Indices positions = engine.indices(decoder.rotary().rows(segments))) {
            DecoderStack stack = decoder.bind(parameters, gradient, dropoutSeed, Optional.empty());
            RotaryEmbedding.Tables angles = decoder.rotary().tables(engine, segments.longest());
            TokenPlaces places = // keeps nothing for later passes
                new TokenPlaces(
                    tokens, mask::within, positions, angles, (layer, window, own) -> own);
            Activations activations =
                (gradient.isPresent() ? training : inference).reserve(batch.tokenCount());
            Tensor stream = stack.forward(workspace, places, activations);
            return use.apply(new Pass(stack, places, stream));
          }
        });
  }

  /** Bytes of activations and of the workspace, for the largest batches so far. */
  public synchronized long activationBytes() {
    return training.bytes() + inference.bytes() + workspace.bytes();
  }

  private LossHead head(DecoderStack stack) {
    return LossHead.of(workspace, stack, decoder.config().vocabSize());
  }

  private void checkSize(String name, Tensor vector) {
    if (vector.size() != decoder.layout().size()) {
      throw new IllegalArgumentException(
          String.format(
              Locale.ROOT,
              "Cannot use a vector of %,d %s: the decoder's layout has %,d; it was made for another adapter or model",
              vector.size(),
              name,
              decoder.layout().size()));
    }
  }

  private void checkTokens(PackedBatch batch) {
    if (batch.tokenCount() == 0) {
      throw new IllegalArgumentException("Cannot compute a batch without tokens: leave it out");
    }
    int vocabSize = decoder.config().vocabSize();
    for (int n = 0; n < batch.tokenCount(); n++) {
      check("token", batch.tokens()[n], n, vocabSize);
      if (batch.targets()[n] != PackedBatch.NO_TARGET) {
        check("target", batch.targets()[n], n, vocabSize);
      }
    }
  }

  private static void check(String what, int id, int place, int vocabSize) {
    if (id < 0 || id >= vocabSize) {
      throw new IllegalArgumentException(
          "Cannot compute %s id %s (number %s of the batch): the model's vocabulary ends at %s; prepare the dataset with this model's tokenizer"
              .formatted(what, id, place, vocabSize - 1));
    }
  }

  /** Frees activations; the decoder stays. */
  @Override
  public synchronized void close() {
    training.close();
    inference.close();
    workspace.close();
  }
}
