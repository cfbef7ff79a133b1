package org.sparklora.train;

/**
 * Sums over all steps of a run, and over its steps since the last log row (the window). A
 * checkpoint holds them, so that log rows after a resume equal those of an uninterrupted run.
 *
 * @param steps number of completed steps
 * @param epoch completed epochs, with the fraction
 * @param loggedSteps steps that log rows cover
 * @param windowLoss sum of the losses of the window's steps
 * @param windowEntropy sum over the window's micro-batches
 * @param windowAccuracy sum over the window's micro-batches
 * @param windowMicroBatches number of the window's micro-batches
 * @param totalLoss sum of all steps' losses
 * @param tokens number of tokens trained on
 * @param totalFlops floating-point operations, estimated as in transformers
 * @param draws batches of prompts with sampled completions so far; 0 for {@code sft}
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

  /** These sums with one more step; of a policy's step the metrics hold only the number. */
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

  /** These sums after a log row, with an empty window. */
  RunningSums logged() {
    return new RunningSums(steps, epoch, steps, 0, 0, 0, 0, totalLoss, tokens, totalFlops, draws);
  }
}
