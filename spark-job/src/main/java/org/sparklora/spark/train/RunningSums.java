package org.sparklora.spark.train;

/**
 * What a run has added up so far: all of its steps, and those since its last log row. A checkpoint
 * keeps it, so that the rows after a resume are those of a run that was never interrupted.
 *
 * @param steps done
 * @param epoch with its fraction
 * @param loggedSteps steps that log rows cover
 * @param windowLoss sum of the other steps' losses
 * @param windowEntropy sum over their micro-batches
 * @param windowAccuracy sum over their micro-batches
 * @param windowMicroBatches how many those are
 * @param totalLoss sum of all steps' losses
 * @param tokens trained on
 * @param totalFlops estimate, as transformers makes it
 * @param draws batches of prompts that completions were drawn of, where there are any
 */
public record RunningSums(
    int steps,
    double epoch,
    int loggedSteps,
    double windowLoss,
    double windowEntropy,
    double windowAccuracy,
    int windowMicroBatches,
    double totalLoss,
    long tokens,
    double totalFlops,
    int draws) {

  static RunningSums none() {
    return new RunningSums(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /**
   * With one more step, after which the epoch is {@code epochAfter}.
   *
   * @param step what it measured; of a policy's step only its number
   */
  RunningSums plus(StepMetrics step, double loss, double epochAfter, double flops) {
    return new RunningSums(
        step.step() + 1,
        epochAfter,
        loggedSteps,
        windowLoss + loss,
        windowEntropy + step.entropySum(),
        windowAccuracy + step.accuracySum(),
        windowMicroBatches + step.microBatches(),
        totalLoss + loss,
        tokens + step.tokens(),
        totalFlops + flops,
        draws);
  }

  /** With one more batch of completions. */
  RunningSums plusDrawn(long moreTokens, int drawsSoFar) {
    return new RunningSums(
        steps,
        epoch,
        loggedSteps,
        windowLoss,
        windowEntropy,
        windowAccuracy,
        windowMicroBatches,
        totalLoss,
        tokens + moreTokens,
        totalFlops,
        drawsSoFar);
  }

  /** After a log row. */
  RunningSums logged() {
    return new RunningSums(steps, epoch, steps, 0, 0, 0, 0, totalLoss, tokens, totalFlops, draws);
  }
}
