package org.sparklora.spark.train;

import java.util.List;
import java.util.Map;

/**
 * What one optimizer step of a policy loss measured.
 *
 * @param step number of the step, from 0
 * @param loss sum of the micro-batches' losses
 * @param gradNorm L2 norm of the gradient before clipping
 * @param microBatches what TRL logs of each, under its names; NaN where there was nothing
 */
public record PolicyMetrics(
    int step, double loss, double gradNorm, List<Map<String, Double>> microBatches) {}
