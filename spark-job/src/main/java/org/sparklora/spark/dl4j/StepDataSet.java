package org.sparklora.spark.dl4j;

import java.util.List;
import org.nd4j.linalg.dataset.api.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.train.StepRows;

/**
 * One worker's step as a DL4J {@link DataSet} of a single example, so that DL4J neither splits nor
 * merges it. The example's metadata is the {@link StepRows}; features and labels are unused, {@code
 * (1, 1)}.
 */
final class StepDataSet {
  private StepDataSet() {}

  static org.nd4j.linalg.dataset.DataSet of(StepRows rows) {
    var dataSet = new org.nd4j.linalg.dataset.DataSet(Nd4j.zeros(1, 1), Nd4j.zeros(1, 1));
    dataSet.setExampleMetaData(List.of(rows));
    return dataSet;
  }

  static StepRows rows(DataSet step) {
    return (StepRows) step.getExampleMetaData().get(0);
  }
}
