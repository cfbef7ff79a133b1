package org.sparklora.spark.dl4j;

import java.util.List;
import java.util.OptionalDouble;
import org.sparklora.spark.meter.ExecutorUse;
import org.sparklora.spark.train.StepMetrics;

/**
 * What a round of training measured.
 *
 * @param steps one a step, in order, of all workers together
 * @param averagingError how far the averaged factors are from the average of the workers' updates,
 *     ‖mean(BᵢAᵢ) − B̄Ā‖ / ‖B̄Ā‖; empty where nothing was averaged
 * @param use what executors did for it
 */
public record RoundReport(
    List<StepMetrics> steps, OptionalDouble averagingError, ExecutorUse use) {}
