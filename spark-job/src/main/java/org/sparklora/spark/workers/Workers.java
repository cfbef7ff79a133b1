package org.sparklora.spark.workers;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.spark.meter.ExecutorUse;
import org.sparklora.spark.train.FlatVector;

/** Those who do the parts of a step's or a round's work. */
public sealed interface Workers permits LocalWorkers, ExecutorsJob {

  /** Says what for the work from now on is done, such as {@code step 12}; Spark's pages show it. */
  default void during(String what) {}

  /** How many parts are done at once. */
  int count();

  /**
   * Makes sure that results as large as what is trained can reach the driver.
   *
   * @param bytes of all results of one job
   * @throws org.sparklora.pipeline.config.ConfigException if Spark is told to refuse so much
   */
  default void requireRoomForResults(long bytes) {}

  /**
   * Makes a vector readable for work.
   *
   * @param floats float32, {@code size} of them; they must not change while work reads them
   */
  SharedVector share(Pointer floats, long size);

  /** The same, of a vector that stays the caller's: in this process where an engine has it. */
  SharedVector lend(FlatVector vector);

  /**
   * Does all parts. Results come in the order of the parts, each as soon as it and those before it
   * are there, so that no more than {@link #count} wait in memory.
   */
  <I, O> void forEach(List<I> parts, Work<I, O> work, Consumer<O> results);

  /** Does all parts and returns their results in order. */
  default <I, O> List<O> map(List<I> parts, Work<I, O> work) {
    List<O> results = new ArrayList<>();
    forEach(parts, work, results::add);
    return results;
  }

  /**
   * Does all parts and adds what they add to a vector to {@code sum}. In this process they add to
   * it one after the other, so that its bits do not depend on how many parts there are; each
   * executor adds to zeros, and these vectors are added in the order of the parts.
   *
   * @param sum float32
   * @return what the parts told, in order
   */
  <I, O> List<O> addUp(List<I> parts, Adding<I, O> work, FlatVector sum);

  /** What executors did, and what was sent to them and back, since the last call. */
  ExecutorUse takeUse();

  /** Cuts a list into runs of nearly equal length, one for each worker, none of them empty. */
  default <T> List<List<T>> shares(List<T> all) {
    List<List<T>> shares = new ArrayList<>();
    for (int share = 0; share < count(); share++) {
      int from = (int) ((long) all.size() * share / count());
      int to = (int) ((long) all.size() * (share + 1) / count());
      if (from < to) {
        shares.add(List.copyOf(all.subList(from, to)));
      }
    }
    return shares;
  }
}
