package org.sparklora.train.step;

import java.util.List;
import java.util.OptionalDouble;
import org.sparklora.train.StepMetrics;
import org.sparklora.train.meter.ExecutorUse;

/**
 * The measurements of a training round.
 *
 * @param steps metrics of each step over all workers, in order
 * @param averagingError how far the averaged factors are from the average of the workers' updates,
 *     ‖mean(BᵢAᵢ) − B̄Ā‖ / ‖B̄Ā‖; empty if nothing was averaged
 * @param use work of the executors in the round
 */
public record RoundReport(
    List<StepMetrics> steps, OptionalDouble averagingError, ExecutorUse use) {}
