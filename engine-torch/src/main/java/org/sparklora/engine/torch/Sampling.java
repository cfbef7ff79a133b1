package org.sparklora.engine.torch;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.SamplingRule;

/**
 * Draws tokens on the device; tokens and log-probabilities are copied back together. If the device
 * {@link Recorder records}, draws from the same logits by the same rule are replayed, except with a
 * repetition penalty, for which other tokens are sent each time.
 */
final class Sampling implements AutoCloseable {
  private static final long[] COLUMNS = {1};

  private final TorchDevice device;
  private final Replays replays;

  /** Memory of replayed draws: uniform numbers, then tokens and log-probabilities. */
  private Tensor memory; // null before the first

  Sampling(TorchDevice device, Scope scope) {
    this.device = device;
    this.replays = new Replays(device, scope);
  }

  /** Equal for draws that call the same operators with the same arguments. */
  private record Kind(TorchTensor.Memory logits, SamplingRule rule, int rows) {}

  Draws sample(TorchTensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    int rows = uniforms.length;
    Draws draws = Draws.ofRows(rows);
    if (rows == 0) {
      return draws;
    }
    Tensor both =
        device.recorder().isPresent() && !rule.hasPenalty() && rows <= Products.INDEPENDENT_ROWS
            ? replayed(logits, rule, uniforms)
            : drawn(logits.matrix(), rule, () -> device.doubles(uniforms), seen);
    double[] numbers = device.bring(both).await();
    int drawn = numbers.length / 2;
    for (int m = 0; m < rows; m++) {
      draws.tokens()[m] = (int) numbers[m];
      draws.logProbs()[m] = draws.tokens()[m] < 0 ? 0 : (float) numbers[drawn + m];
    }
    return draws;
  }

  /** Draws for as many rows as a decoding step computes, if the logits have them. */
  private Tensor replayed(TorchTensor logits, SamplingRule rule, double[] uniforms) {
    long vocabulary = logits.columns();
    int wanted = TorchDecodingSteps.rowsFor(uniforms.length);
    int rows = logits.holds(wanted * vocabulary) ? wanted : uniforms.length;
    if (memory == null) {
      long[] numbers = {3L * Products.INDEPENDENT_ROWS};
      memory = Scope.kept(() -> torch.zeros(numbers, device.options(ScalarType.Double)));
    }
    device.send(Tensor.create(uniforms, uniforms.length), memory.narrow(0, 0, uniforms.length));
    replays.run(
        new Kind(logits.memory(rows * vocabulary), rule, rows),
        () -> {
          Tensor z = logits.as(rows, vocabulary);
          draws(rows).copy_(drawn(z, rule, () -> memory.narrow(0, 0, rows), List.of()));
        });
    return draws(rows);
  }

  private Tensor draws(int rows) {
    return memory.narrow(0, Products.INDEPENDENT_ROWS, 2L * rows);
  }

  /** Tokens, then log-probabilities, {@code (2·M)} in double, from logits z {@code (M, V)}. */
  private Tensor drawn(Tensor z, SamplingRule rule, Supplier<Tensor> uniforms, List<int[]> seen) {
    Tensor scores = rule.hasPenalty() ? penalised(z, rule, seen) : z;
    Tensor drawn =
        rule.isGreedy() ? LogProbs.likeliest(scores) : draw(scores, rule, uniforms.get());
    float temperature = rule.scoringTemperature();
    Tensor logProbs = LogProbs.Sums.of(z, temperature).logProbs(z, drawn, temperature);
    Tensor finite = torch.all(torch.isfinite(scores), COLUMNS);
    Tensor tokens = torch.where(finite, drawn, new Scalar(Draws.NOT_FINITE));
    return torch.cat(new TensorVector(tokens.to(ScalarType.Double), logProbs), 0);
  }

  private Tensor penalised(Tensor z, SamplingRule rule, List<int[]> seen) {
    long vocabulary = z.size(1);
    long[][] places = new long[seen.size()][];
    for (int m = 0; m < places.length; m++) {
      long row = m * vocabulary;
      places[m] = Arrays.stream(seen.get(m)).distinct().mapToLong(token -> row + token).toArray();
    }
    Tensor all = device.longs(Arrays.stream(places).flatMapToLong(Arrays::stream).toArray());
    Scalar penalty = new Scalar(rule.repetitionPenalty());
    Tensor logits = torch.index_select(z.view(-1), 0, all);
    Tensor changed =
        torch.where(torch.lt(logits, new Scalar(0)), logits.mul(penalty), logits.div(penalty));
    Tensor scores = z.clone();
    scores.view(-1).index_copy_(0, all, changed);
    return scores;
  }

  private Tensor draw(Tensor scores, SamplingRule rule, Tensor uniforms) {
    Tensor kept = torch.ge(scores, floors(scores, rule));
    Tensor cumulative = torch.cumsum(weights(scores, rule.temperature()).mul_(kept), 1);
    Tensor total = cumulative.narrow(1, scores.size(1) - 1, 1);
    Tensor target = uniforms.view(-1, 1).mul(total);
    // the token is the first whose sum exceeds the target: its index counts the sums that do not
    return torch.le(cumulative, target).sum(1).clamp_max_(new Scalar(scores.size(1) - 1));
  }

  /** {@code e^((z − max) / temperature)} in double, {@code (M, V)}. */
  private static Tensor weights(Tensor z, float temperature) {
    Tensor shifted = z.sub(torch.amax(z, COLUMNS, true)).to(ScalarType.Double);
    return shifted.div_(new Scalar((double) temperature)).exp_();
  }

  /** The smallest logit of each row that can be drawn, {@code (M, 1)}. */
  private static Tensor floors(Tensor scores, SamplingRule rule) {
    Tensor top = torch.amax(scores, COLUMNS, true);
    Tensor floors = torch.amin(scores, COLUMNS, true);
    boolean hasTopK = rule.topK() > 0 && rule.topK() < scores.size(1);
    if (hasTopK || rule.topP() < 1) {
      Tensor sorted = torch.sort(scores, 1, true).get0();
      if (hasTopK) {
        floors = sorted.narrow(1, rule.topK() - 1L, 1);
      }
      if (rule.topP() < 1) {
        floors = topP(sorted, top, floors, rule);
      }
    }
    return rule.minP() == 0
        ? floors
        : torch.max(
            floors, top.add(new Scalar(rule.temperature() * (float) Math.log(rule.minP()))));
  }

  /** The smallest logit of each row in the top-p set: likelier tokens sum to less than top-p. */
  private static Tensor topP(Tensor sorted, Tensor top, Tensor floors, SamplingRule rule) {
    Tensor left = torch.ge(sorted, floors);
    Tensor weights = weights(sorted, rule.temperature()).mul_(left);
    Tensor cumulative = torch.cumsum(weights, 1);
    Tensor enough =
        cumulative.narrow(1, sorted.size(1) - 1, 1).mul(new Scalar((double) rule.topP()));
    Tensor kept = torch.lt(cumulative.sub(weights), enough).logical_and_(left);
    return torch.amin(torch.where(kept, sorted, top), COLUMNS, true); // the top is always kept
  }

  @Override
  public void close() {
    replays.close();
    if (memory != null) {
      memory.releaseReference();
      memory = null;
    }
  }
}
