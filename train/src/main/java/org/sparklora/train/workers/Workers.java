package org.sparklora.train.workers;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.sparklora.train.meter.ExecutorUse;
import org.sparklora.train.vector.FlatVector;

/** Runs the parts of a step or round, on executors or in this process. */
public interface Workers {

  /**
   * A function applied to each part, on an executor or in this process. It must be deterministic:
   * Spark retries the parts of a lost executor.
   *
   * @param <I> a part; serialisable
   * @param <O> its result; serialisable
   */
  @FunctionalInterface
  interface Work<I, O> extends Serializable {
    O run(I part);
  }

  /** A {@link Work} that adds its main result to a vector, and returns all else. */
  @FunctionalInterface
  interface Adding<I, O> extends Serializable {
    O add(I part, FlatVector sum);
  }

  /** Labels the work from now on, for example {@code step 12}; Spark's pages show the label. */
  default void during(String what) {}

  /** How many parts are done at once. */
  int count();

  /**
   * The workers {@code [from, to)}, as workers of their own. Their {@link #takeUse} is that of all.
   * In this process all work has one worker, and this returns it.
   */
  default Workers part(int from, int to) {
    return this;
  }

  /**
   * Checks that results as large as the trained parameters can reach the driver.
   *
   * @param bytes of all results of one job
   * @throws org.sparklora.pipeline.config.ConfigException if {@code spark.driver.maxResultSize} is
   *     lower
   */
  default void requireRoomForResults(long bytes) {}

  /**
   * Makes a vector readable for work until the shared vector is closed, which closes {@code
   * vector}, too. Its numbers must not change while work reads them.
   */
  SharedVector share(FlatVector vector);

  /** Shares a vector that stays open when the shared vector is closed. */
  SharedVector lend(FlatVector vector);

  /**
   * Does all parts. Delivers each result in the order of the parts, as soon as it and all earlier
   * ones are complete, so that at most {@link #count} wait in memory.
   *
   * @param verb names the work on Spark's pages
   */
  <I, O> void forEach(String verb, List<I> parts, Work<I, O> work, Consumer<O> results);

  /** Does all parts and returns their results in order. */
  default <I, O> List<O> map(String verb, List<I> parts, Work<I, O> work) {
    List<O> results = new ArrayList<>();
    forEach(verb, parts, work, results::add);
    return results;
  }

  /**
   * Does all parts and adds their vectors to {@code sum}. In this process parts add to {@code sum}
   * one after the other, so that its bits do not depend on the number of parts; on executors each
   * part adds to zeros, and these vectors are added in the order of the parts.
   *
   * @param sum float32
   * @return the parts' other results, in order
   */
  <I, O> List<O> addUp(String verb, List<I> parts, Adding<I, O> work, FlatVector sum);

  /** Work of the executors, and bytes sent to them and back, since the last call. */
  ExecutorUse takeUse();

  /**
   * Splits a list into consecutive parts of nearly equal length, at most one per worker, none
   * empty.
   */
  default <T> List<List<T>> shares(List<T> all) {
    return shares(all, count());
  }

  /** Splits a list as {@link #shares(List)} does for {@code count} workers. */
  static <T> List<List<T>> shares(List<T> all, int count) {
    List<List<T>> shares = new ArrayList<>();
    for (int share = 0; share < count; share++) {
      int from = (int) ((long) all.size() * share / count);
      int to = (int) ((long) all.size() * (share + 1) / count);
      if (from < to) {
        shares.add(List.copyOf(all.subList(from, to)));
      }
    }
    return shares;
  }

  /** Cuts a list into parts of {@code size} elements, of which the last may have fewer. */
  static <T> List<List<T>> batches(List<T> all, int size) {
    return IntStream.iterate(0, from -> from < all.size(), from -> from + size)
        .mapToObj(from -> List.copyOf(all.subList(from, Math.min(from + size, all.size()))))
        .toList();
  }
}
