package org.sparklora.spark.dl4j;

import java.util.function.Consumer;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.storage.StorageLevel;

/**
 * Takes workers' results in the workers' order. Spark reduces in the order in which they answer,
 * and a sum of three floats depends on it, so a run could not be repeated to the last bit.
 *
 * <p>Each result stays on its worker's disk until its turn comes: the driver holds one at a time,
 * as large as they are, which {@code ExecutorsJob}, where early results wait in the driver's
 * memory, does not promise; here they are a whole model's parameters and moments. It costs one
 * small job a worker.
 */
final class WorkersOrder {

  private WorkersOrder() {}

  /**
   * Computes all partitions at once, then hands over their elements one after the other.
   *
   * @param ofWorkers a partition a worker
   */
  static <T> void forEach(JavaRDD<T> ofWorkers, Consumer<T> use) {
    JavaRDD<T> kept = ofWorkers.persist(StorageLevel.DISK_ONLY());
    try {
      kept.foreachPartition(elements -> {}); // kept, and not read back
      for (int worker = 0; worker < kept.getNumPartitions(); worker++) {
        kept.collectPartitions(new int[] {worker})[0].forEach(use);
      }
    } finally {
      kept.unpersist(false);
    }
  }
}
