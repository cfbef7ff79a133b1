package org.sparklora.spark.dl4j;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReadWriteLock;
import java.util.concurrent.locks.ReentrantReadWriteLock;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * One averaging round where driver and executor are one JVM: arrays that DL4J would serialise
 * between them are kept here and travel as a name and a number, see {@link LocalArray}.
 *
 * <p>Thread-safe.
 */
final class LocalMemory implements AutoCloseable {
  private static final Map<String, LocalMemory> OPEN = new ConcurrentHashMap<>();

  private final String name = UUID.randomUUID().toString();
  private final MultiLayerNetwork network;
  private final List<INDArray> shared = new ArrayList<>();
  private final List<INDArray> owned = new ArrayList<>();
  private final ReadWriteLock use = new ReentrantReadWriteLock(true);

  private LocalMemory(MultiLayerNetwork network) {
    this.network = network;
  }

  /** Opens a round of the driver's network. */
  static LocalMemory open(MultiLayerNetwork network) {
    LocalMemory memory = new LocalMemory(network);
    OPEN.put(memory.name, memory);
    return memory;
  }

  /** The round of that name, which must have been opened in this JVM. */
  static LocalMemory find(String name) {
    LocalMemory memory = OPEN.get(name);
    if (memory == null) {
      throw new IllegalStateException("Round %s is not open in this JVM".formatted(name));
    }
    return memory;
  }

  String name() {
    return name;
  }

  /** The driver's network. */
  MultiLayerNetwork network() {
    return network;
  }

  /** The same array in a form that is cheap to serialise while the round is open. */
  synchronized INDArray share(INDArray array) {
    INDArray local = new LocalArray(array, name, shared.size());
    shared.add(local);
    return local;
  }

  synchronized INDArray get(int number) {
    return shared.get(number);
  }

  /**
   * Frees an array at the end of the round, without waiting for the garbage collector, which sees
   * only its handle.
   */
  synchronized void own(INDArray array) {
    owned.add(array);
  }

  /** Trains in the round's memory, which stays until that is done. */
  void use(Runnable training) {
    use.readLock().lock();
    try {
      find(name); // it may have failed elsewhere and be over
      training.run();
    } finally {
      use.readLock().unlock();
    }
  }

  /** Ends the round, after the steps that are in progress: one that failed may have some. */
  @Override
  public void close() {
    OPEN.remove(name);
    use.writeLock().lock();
    try {
      free();
    } finally {
      use.writeLock().unlock();
    }
  }

  private synchronized void free() {
    owned.forEach(INDArray::close);
    owned.clear();
  }
}
