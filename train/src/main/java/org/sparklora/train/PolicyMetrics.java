package org.sparklora.train;

import java.util.List;
import java.util.Map;

/**
 * The metrics of one optimizer step of a policy loss.
 *
 * @param step number of the step, from 0
 * @param loss sum of the micro-batches' losses
 * @param gradNorm L2 norm of the gradient before clipping
 * @param microBatches TRL's metrics of each micro-batch, under TRL's names; NaN without a
 *     measurement
 */
public record PolicyMetrics(
    int step, double loss, double gradNorm, List<Map<String, Double>> microBatches) {}
