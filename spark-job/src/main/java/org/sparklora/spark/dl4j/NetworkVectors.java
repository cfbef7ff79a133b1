package org.sparklora.spark.dl4j;

import java.util.List;
import org.bytedeco.javacpp.Pointer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.concurrency.AffinityManager;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.factory.Nd4j;
import org.sparklora.train.step.TrainedVectors;
import org.sparklora.train.vector.FlatVector;

/**
 * A DL4J network's arrays as {@link TrainedVectors}: parameters, gradient, and the state of DL4J's
 * Adam, which is the first moments of all parameters, then the second.
 */
final class NetworkVectors {
  private NetworkVectors() {}

  /** The vectors of a network; each call returns the same instance. */
  static TrainedVectors of(MultiLayerNetwork network) {
    return ((DecoderLayer) network.getLayer(0)).vectors(network);
  }

  /** New vectors over a network's arrays. */
  static TrainedVectors over(MultiLayerNetwork network, DecoderLayerConf conf) {
    List<INDArray> arrays = memory(network);
    INDArray zeros = network.getFlattenedGradients(); // DL4J makes it together with the updater
    return new TrainedVectors(
        conf.model(),
        conf.rule(),
        over(arrays.get(0)),
        over(arrays.get(1)),
        FlatVector.overZeros(address(zeros), zeros.length()));
  }

  /** DL4J's arrays of the current parameters and moments, for reading and writing. */
  static List<INDArray> arrays(MultiLayerNetwork network) {
    of(network).parameters();
    of(network).moments();
    List<INDArray> arrays = memory(network);
    arrays.forEach(NetworkVectors::address);
    return arrays;
  }

  /** Frees the engine's copies and DL4J's memory. */
  static void free(MultiLayerNetwork network) {
    of(network).close();
    memory(network).forEach(INDArray::close);
    network.getFlattenedGradients().close();
  }

  private static List<INDArray> memory(MultiLayerNetwork network) {
    return List.of(network.params(), network.getUpdater().getStateViewArray());
  }

  /** An array as a vector in place. */
  static FlatVector over(INDArray array) {
    return FlatVector.over(address(array), array.length());
  }

  /**
   * The address of a whole vector's first element, for use without copying. With {@code nd4j-cuda}
   * it is in host memory, whose copy ND4J uses from now on.
   */
  static Pointer address(INDArray vector) {
    if (vector.data().offset() != 0 || vector.offset() != 0) {
      throw new IllegalStateException(
          "Cannot share a view that starts inside another array: " + vector.shapeInfoToString());
    }
    AffinityManager affinity = Nd4j.getAffinityManager();
    affinity.ensureLocation(vector, AffinityManager.Location.HOST);
    affinity.tagLocation(vector, AffinityManager.Location.HOST);
    return vector.data().pointer();
  }
}
