package org.sparklora.spark.dl4j;

import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.dataset.DataSet;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.spark.train.StepRows;

/**
 * One worker's rows of one step as a DL4J {@link DataSet} of a single example, so that DL4J neither
 * splits nor merges it, however long its rows are. Features are the numbers of {@link
 * StepRows#encode}, {@code (1, F)}; labels, which are among them, are one idle number, {@code (1,
 * 1)}.
 *
 * <p>Every number is whole and below 2²⁴, and therefore exact in float32.
 */
final class StepDataSet {
  private static final int EXACT_IN_FLOAT = 1 << 24;

  private StepDataSet() {}

  static DataSet of(StepRows rows) {
    int[] numbers = rows.encode();
    float[] features = new float[numbers.length];
    for (int i = 0; i < numbers.length; i++) {
      if (numbers[i] > EXACT_IN_FLOAT) {
        throw new IllegalArgumentException(
            "Cannot send %d to an executor: it is not exact in float32; use fewer tokens a step or --sync gradients"
                .formatted(numbers[i]));
      }
      features[i] = numbers[i];
    }
    return new DataSet(
        Nd4j.createFromArray(features).reshape(1, features.length), Nd4j.zeros(1, 1));
  }

  static StepRows rows(INDArray features) {
    return StepRows.decode(features.toIntVector());
  }
}
