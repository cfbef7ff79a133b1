package org.sparklora.train.grpo;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.loss.GrpoLossConfig;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TrainingPlan;
import org.sparklora.train.step.PolicyUpdates;

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
 * has, a step draws several rounds; if fewer, the later micro-batches of a round are off-policy.
 */
public final class GrpoLoop {
  private static final double NANOS = 1e9;

  private final TrainingPlan plan;
  private final Shape shape;
  private final GrpoLossConfig loss;
  private final Round.Source rounds;
  private final PolicyUpdates updates;
  private final Listener listener;

  /**
   * The relation of rounds and steps.
   *
   * @param stepsPerGeneration micro-batches of a round
   * @param iterations how often each micro-batch is trained on
   */
  public record Shape(int stepsPerGeneration, int iterations) {
    /** Micro-steps between two rounds. */
    public int microSteps() {
      return stepsPerGeneration * iterations;
    }

    /**
     * Whether each step trains on completions of the policy that it updates, so that no earlier
     * log-probabilities are needed.
     */
    public boolean isOnPolicy(int accumulation) {
      return accumulation % microSteps() == 0;
    }
  }

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

    /** Whether no further step shall be taken. */
    default boolean isStopped() {
      return false;
    }
  }

  /**
   * @param plan steps over micro-steps: its rows are those of an epoch
   */
  public GrpoLoop(
      TrainingPlan plan,
      Shape shape,
      GrpoLossConfig loss,
      Round.Source rounds,
      PolicyUpdates updates,
      Listener listener) {
    this.plan = plan;
    this.shape = shape;
    this.loss = loss;
    this.rounds = rounds;
    this.updates = updates;
    this.listener = listener;
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
    for (int number = from; number < to && !listener.isStopped(); number++) {
      TrainingPlan.Step step = plan.steps(number, number + 1).get(0);
      int accumulation = step.microBatches().get(0).size();
      List<PolicyMicroBatch> microBatches = new ArrayList<>();
      Map<Integer, Round> drawn = new LinkedHashMap<>(); // by index of the first micro-batch
      for (int i = 0; i < accumulation; i++, microStep++) {
        if (microStep % shape.microSteps() == 0) {
          round = rounds.draw(microStep / shape.microSteps(), number);
          drawn.put(i, round);
        }
        int slice = microStep % shape.stepsPerGeneration();
        microBatches.add(
            round.microBatch(number, i, slice, shape.stepsPerGeneration(), accumulation, loss));
      }
      long started = System.nanoTime();
      PolicyUpdates.Gradient gradient = updates.gradient(number, microBatches);
      guard(drawn, microBatches, gradient);
      PolicyMetrics metrics = updates.apply(gradient);
      double seconds = (System.nanoTime() - started) / NANOS;
      boolean done = microStep % shape.microSteps() == 0;
      listener.step(
          metrics, seconds, step.epochAfter(), done ? Optional.empty() : Optional.of(round));
    }
  }

  /** Compares the log-probabilities of sampler and gradient's forward pass for the drawn rounds. */
  private void guard(
      Map<Integer, Round> drawn,
      List<PolicyMicroBatch> microBatches,
      PolicyUpdates.Gradient gradient) {
    drawn.forEach(
        (first, round) -> {
          int end = Math.min(first + shape.stepsPerGeneration, microBatches.size());
          List<float[]> learner = new ArrayList<>();
          for (int i = first; i < end; i++) {
            learner.addAll(microBatches.get(i).ofCompletions(gradient.logProbs().get(i)));
          }
          listener.drawn(round.compared(learner));
        });
  }
}
