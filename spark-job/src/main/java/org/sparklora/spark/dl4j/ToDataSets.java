package org.sparklora.spark.dl4j;

import java.util.Arrays;
import java.util.Iterator;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.nd4j.linalg.dataset.DataSet;
import org.sparklora.spark.train.StepRows;

/** Makes DL4J's data sets where they are used, so that compact integers travel instead. */
final class ToDataSets implements FlatMapFunction<int[][], DataSet> {
  private static final long serialVersionUID = 1L;

  @Override
  public Iterator<DataSet> call(int[][] steps) {
    return Arrays.stream(steps).map(StepRows::decode).map(StepDataSet::of).iterator();
  }
}
