package org.sparklora.train.step;

import java.util.List;
import org.sparklora.train.PolicyMetrics;
import org.sparklora.train.PolicyMicroBatch;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.workers.Adding;
import org.sparklora.train.workers.SharedVector;

/**
 * Local SGD (Stich, 2019, arXiv 1805.09767) on a policy: a worker takes steps on its own
 * micro-batches, from the parameters and moments that all workers begin with, and adds its share of
 * both to the means; for an outer optimizer the change of the parameters instead.
 *
 * @param parameters {@code (P)}
 * @param moments AdamW's, {@code (2·P)}
 * @param share of each worker in the means
 * @param ofChanges whether the changes of parameters are added
 */
record LocalPolicySteps(
    TrainedModel model,
    StepRule rule,
    SharedVector parameters,
    SharedVector moments,
    float share,
    boolean ofChanges)
    implements Adding<List<List<PolicyMicroBatch>>, List<PolicyMetrics>> {

  /**
   * @param steps a worker's micro-batches of each step
   * @param means parameters or their changes, then moments, {@code (3·P)}
   */
  @Override
  public List<PolicyMetrics> add(List<List<PolicyMicroBatch>> steps, FlatVector means) {
    long size = parameters.vector().size();
    try (TrainedVectors own = TrainedVectors.zeros(model, rule);
        FlatVector part = new FlatVector(3 * size)) { // rounded: the same bits in one process
      parameters.vector().copyTo(own.parameters());
      moments.vector().copyTo(own.moments());
      List<PolicyMetrics> taken = steps.stream().map(own::step).toList();
      if (ofChanges) {
        parameters.vector().addTo(-1, own.parameters());
      }
      FlatVector.over(own.parameters(), size).addTo(share, part.pointer());
      FlatVector.over(own.moments(), 2 * size).addTo(share, FlatVector.at(part.pointer(), size));
      part.addTo(means.pointer());
      return taken;
    }
  }

  @Override
  public String verb() {
    return "take steps of their own";
  }
}
