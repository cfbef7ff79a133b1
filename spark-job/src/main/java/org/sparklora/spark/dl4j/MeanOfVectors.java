package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.indexing.NDArrayIndex;
import org.nd4j.linalg.ops.transforms.Transforms;
import org.sparklora.spark.workers.ShardedSum;
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
  private final MultiLayerNetwork network;
  private final int workers;
  private final VectorType onWire;
  private final List<SharedVector> start = new ArrayList<>(); // parameters, moments

  /**
   * @param network the driver's
   * @param workers number of workers with steps in the round
   */
  MeanOfVectors(Workers group, MultiLayerNetwork network, int workers, VectorType onWire) {
    this.network = network;
    this.workers = workers;
    this.onWire = onWire;
    for (INDArray vector : NetworkVectors.arrays(network)) {
      Pointer floats = NetworkVectors.address(vector);
      long size = vector.length();
      start.add(
          onWire == VectorType.FLOAT32
              ? group.share(floats, size)
              : group.share(FlatVector.copyOf(floats, size, onWire, Dither.NONE)));
    }
  }

  @Override
  public OfWorkers ofWorkers() {
    return new Whole(List.copyOf(start));
  }

  @Override
  public List<Long> sizes() {
    return NetworkVectors.arrays(network).stream().map(INDArray::length).toList();
  }

  @Override
  public Dither dither() {
    return Dither.NONE;
  }

  /** Copies a shard of the workers' sum (float32), or adds the mean of their changes (bfloat16). */
  @Override
  public void take(int vector, long from, FlatVector shard, double weight) {
    INDArray ours = NetworkVectors.arrays(network).get(vector);
    Pointer first = FlatVector.at(NetworkVectors.address(ours), from);
    if (onWire == VectorType.FLOAT32) {
      shard.copyTo(first);
    } else {
      shard.addTo(1f / workers, first);
    }
  }

  @Override
  public <T> T end(Function<Pointer, T> reader) {
    List<INDArray> vectors = NetworkVectors.arrays(network);
    if (onWire == VectorType.FLOAT32) {
      vectors.forEach(sum -> sum.divi(workers));
    } else {
      // workers start from rounded moments, so a change may exceed the driver's moment: clamp at 0
      long parameters = vectors.get(0).length();
      INDArray moments = vectors.get(1).reshape(2 * parameters);
      Transforms.max(moments.get(NDArrayIndex.interval(parameters, 2 * parameters)), 0, false);
    }
    return reader.apply(NetworkVectors.address(vectors.get(0)));
  }

  @Override
  public void close() {
    start.forEach(SharedVector::close);
  }

  private record Whole(List<SharedVector> start) implements OfWorkers {
    @Override
    public void load(int worker, MultiLayerNetwork network) {
      List<INDArray> vectors = NetworkVectors.arrays(network);
      for (int v = 0; v < vectors.size(); v++) {
        start.get(v).vector().copyTo(NetworkVectors.address(vectors.get(v)));
      }
    }

    @Override
    public <O> ShardedSum.Given<O> given(int worker, MultiLayerNetwork network, O told) {
      List<FlatVector> trained =
          NetworkVectors.arrays(network).stream().map(NetworkVectors::over).toList();
      if (start.get(0).vector().type() == VectorType.FLOAT32) {
        return new ShardedSum.Given<>(trained, told, () -> NetworkVectors.free(network));
      }
      List<FlatVector> changes = new ArrayList<>();
      for (int v = 0; v < trained.size(); v++) {
        FlatVector from = start.get(v).vector();
        Pointer numbers = trained.get(v).pointer();
        from.addTo(-1, numbers);
        changes.add(FlatVector.copyOf(numbers, from.size(), from.type(), Dither.NONE));
      }
      NetworkVectors.free(network);
      return new ShardedSum.Given<>(changes, told, () -> changes.forEach(FlatVector::close));
    }
  }
}
