package org.sparklora.train.grpo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.train.PolicyGradient;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.step.PolicyUpdates;
import org.sparklora.train.workers.Workers;

/**
 * Group-relative policy optimisation (Shao et al., 2024): a round of completions is drawn, judged
 * and cut into micro-batches, which are trained on once or several times before the next round.
 *
 * <pre>
 * draw → judge → advantages   {@link Round.Source#draw}
 * gradient                    {@link PolicyUpdates#gradient}
 * guard                       {@link Round#compared}
 * apply                       {@link PolicyUpdates#apply}
 * </pre>
 *
 * <p>A step takes {@code gradient_accumulation_steps} micro-batches. If these are more than a round
 * has, a step draws several rounds; if fewer, the later micro-batches of a round are off-policy,
 * and workers may take several steps of a round on micro-batches of their own before they average
 * ({@link PolicyUpdates#average}).
 *
 * @param plan steps over micro-steps: its rows are those of an epoch
 */
public record GrpoLoop(
    TrainingPlan plan,
    RoundSteps batch,
    GrpoLossConfig loss,
    Round.Source rounds,
    PolicyUpdates updates,
    Listener listener) {
  private static final double NANOS = 1e9;

  /** Receives rounds and steps, in order. */
  public interface Listener {
    /** A round was drawn and passed the guard. */
    void drawn(Round round);

    /**
     * A step is done.
     *
     * @param updateSeconds of gradient and update, without the drawing of rounds
     * @param unfinished the round that later steps continue, if any
     */
    void step(
        PolicyMetrics metrics, double updateSeconds, double epochAfter, Optional<Round> unfinished);

    /** The parameters are those after all steps so far. */
    default void settled() {}

    /** Whether the parameters after {@code steps} steps are needed. */
    default boolean stopsAfter(int steps) {
      return true;
    }

    /** Whether no further step shall be taken. */
    default boolean isStopped() {
      return false;
    }
  }

  /**
   * Takes the steps {@code [from, to)}, unless the listener wants no more.
   *
   * @param unfinished the round that step {@code from} continues, if any
   * @throws org.sparklora.train.NonFiniteLossException if the model diverges
   * @throws LogProbGuard.PolicyMismatchException if a round's completions are not the policy's
   */
  public void run(int from, int to, Optional<Round> unfinished) {
    int microStep = plan.microStepsBefore(from);
    Round round = unfinished.orElse(null);
    for (int number = from; number < to && !listener.isStopped(); ) {
      List<TrainingPlan.Step> steps = new ArrayList<>(); // until the next average
      List<List<PolicyMicroBatch>> batches = new ArrayList<>(); // of each of them
      Map<Integer, Round> drawn = new LinkedHashMap<>(); // by index of the first micro-batch
      boolean isDone;
      do {
        TrainingPlan.Step step = plan.steps(number, number + 1).get(0);
        int accumulation = step.microBatches().get(0).size();
        List<PolicyMicroBatch> microBatches = new ArrayList<>();
        for (int i = 0; i < accumulation; i++, microStep++) {
          if (microStep % batch.microSteps() == 0) {
            round = rounds.draw(microStep / batch.microSteps(), number);
            drawn.put(i, round);
          }
          int slice = microStep % batch.stepsPerGeneration();
          int share = accumulation / batch.workers(); // of the worker that takes the step
          microBatches.add(
              round.microBatch(number, i, slice, batch.stepsPerGeneration(), share, loss));
        }
        steps.add(step);
        batches.add(microBatches);
        number++;
        isDone = microStep % batch.microSteps() == 0;
      } while (number < to
          && steps.size() < batch.localSteps()
          && !isDone
          && !listener.stopsAfter(number));
      long started = System.nanoTime();
      List<PolicyMetrics> metrics =
          batch.localSteps() > 1 ? averaged(drawn, batches) : added(drawn, batches.get(0));
      double seconds = (System.nanoTime() - started) / NANOS / steps.size();
      for (int s = 0; s < steps.size(); s++) {
        boolean isLast = isDone && s == steps.size() - 1;
        listener.step(
            metrics.get(s),
            seconds,
            steps.get(s).epochAfter(),
            isLast ? Optional.empty() : Optional.of(round));
      }
      listener.settled();
    }
  }

  /** A step with the sum of all gradients. */
  private List<PolicyMetrics> added(
      Map<Integer, Round> drawn, List<PolicyMicroBatch> microBatches) {
    List<PolicyGradient> parts = updates.gradient(microBatches);
    guard(drawn, microBatches, parts);
    return List.of(updates.apply(microBatches.get(0).step(), parts));
  }

  /** Steps that each worker takes on its part of the micro-batches of each step. */
  private List<PolicyMetrics> averaged(
      Map<Integer, Round> drawn, List<List<PolicyMicroBatch>> batches) {
    drawn.values().forEach(listener::drawn); // off-policy, so that the guard has compared them
    int workers = batch.workers();
    return updates.average(
        IntStream.range(0, workers)
            .mapToObj(
                own ->
                    batches.stream().map(step -> Workers.shares(step, workers).get(own)).toList())
            .toList());
  }

  /** Compares the log-probabilities of sampler and gradient's forward pass for the drawn rounds. */
  private void guard(
      Map<Integer, Round> drawn, List<PolicyMicroBatch> microBatches, List<PolicyGradient> parts) {
    drawn.forEach(
        (first, round) -> {
          int end = Math.min(first + batch.stepsPerGeneration(), microBatches.size());
          List<float[]> learner = new ArrayList<>();
          for (int i = first; i < end; i++) {
            learner.addAll(microBatches.get(i).ofCompletions(parts.get(i).logProbs()));
          }
          listener.drawn(round.compared(learner));
        });
  }
}
