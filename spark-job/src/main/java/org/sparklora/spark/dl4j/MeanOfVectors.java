package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.train.vector.Dither;
import org.sparklora.train.vector.FlatVector;
import org.sparklora.train.vector.VectorType;
import org.sparklora.train.workers.SharedVector;
import org.sparklora.train.workers.Workers;

/**
 * DL4J's average: parameters and moments become the plain means of the workers'.
 *
 * <p>In bfloat16 workers receive rounded vectors and return the changes of parameters and moments:
 * rounding a large number would lose a small change. The driver's vectors stay float32, and the
 * mean of the workers' changes is added to them.
 */
final class MeanOfVectors implements RoundVectors {
  private final TrainedNetwork network;
  private final int workers;
  private final VectorType onWire;
  private final List<SharedVector> start = new ArrayList<>(); // parameters, moments

  /** Sends the vectors of the driver's network to the workers with steps in the round. */
  MeanOfVectors(Workers group, TrainedNetwork network, int workers, VectorType onWire) {
    this.network = network;
    this.workers = workers;
    this.onWire = onWire;
    for (INDArray vector : network.arrays()) {
      start.add(group.share(TrainedNetwork.over(vector).as(onWire, Dither.NONE)));
    }
  }

  @Override
  public OfWorkers ofWorkers() {
    return new Whole(List.copyOf(start));
  }

  @Override
  public long bytes() {
    return start.stream().mapToLong(sent -> sent.vector().bytes()).sum();
  }

  @Override
  public Dither dither() {
    return Dither.NONE;
  }

  /** Copies a shard of the workers' sum (float32), or adds the mean of their changes (bfloat16). */
  @Override
  public void take(int vector, long from, FlatVector shard, double weight) {
    INDArray ours = network.arrays().get(vector);
    Pointer first = FlatVector.at(TrainedNetwork.address(ours), from);
    if (onWire == VectorType.FLOAT32) {
      shard.copyTo(first);
    } else {
      shard.addTo(1f / workers, first);
    }
  }

  @Override
  public OptionalDouble end(Function<Pointer, OptionalDouble> error) {
    List<INDArray> vectors = network.arrays();
    if (onWire == VectorType.FLOAT32) {
      vectors.forEach(sum -> sum.divi(workers));
    } else {
      // workers start from rounded moments, so a change may exceed the driver's moment: clamp at 0
      long parameters = vectors.get(0).length();
      INDArray moments = vectors.get(1).reshape(2 * parameters);
      Transforms.max(moments.get(NDArrayIndex.interval(parameters, 2 * parameters)), 0, false);
    }
    return error.apply(TrainedNetwork.address(vectors.get(0)));
  }

  @Override
  public void close() {
    start.forEach(SharedVector::close);
  }

  private record Whole(List<SharedVector> start) implements OfWorkers {
    @Override
    public void load(int worker, TrainedNetwork network) {
      List<INDArray> vectors = network.arrays();
      for (int v = 0; v < vectors.size(); v++) {
        start.get(v).vector().copyTo(TrainedNetwork.address(vectors.get(v)));
      }
    }

    @Override
    public List<FlatVector> given(int worker, TrainedNetwork network) {
      List<INDArray> trained = network.arrays();
      List<FlatVector> given = new ArrayList<>();
      for (int v = 0; v < trained.size(); v++) {
        FlatVector from = start.get(v).vector();
        FlatVector numbers = TrainedNetwork.over(trained.get(v));
        if (from.type() != VectorType.FLOAT32) {
          from.addTo(-1, numbers.pointer());
        }
        given.add(numbers.as(from.type(), Dither.NONE));
      }
      return given;
    }
  }
}
