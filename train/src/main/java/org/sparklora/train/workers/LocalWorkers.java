package org.sparklora.train.workers;

import java.util.List;
import java.util.function.Consumer;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.train.meter.ExecutorMeter;
import org.sparklora.train.meter.ExecutorUse;
import org.sparklora.train.vector.FlatVector;

/** Does all work in this process, one part after the other on all cores; copies no vectors. */
public final class LocalWorkers implements Workers {
  /** Spark's name of the driver's process. */
  private static final String DRIVER = "driver";

  @Override
  public int count() {
    return 1;
  }

  @Override
  public SharedVector share(FlatVector vector) {
    return new Here(vector, vector::close);
  }

  @Override
  public SharedVector lend(FlatVector vector) {
    return new Here(vector, () -> {});
  }

  @Override
  public <I, O> void forEach(String verb, List<I> parts, Work<I, O> work, Consumer<O> results) {
    for (I part : parts) {
      Interruption.check(); // no Spark session stops this loop
      results.accept(work.run(part));
    }
  }

  @Override
  public <I, O> List<O> addUp(String verb, List<I> parts, Adding<I, O> work, FlatVector sum) {
    return map(verb, parts, part -> work.add(part, sum));
  }

  @Override
  public ExecutorUse takeUse() {
    ExecutorUse use = new ExecutorUse();
    use.add(ExecutorMeter.here().read(DRIVER));
    return use;
  }

  /** {@code end} closes the vector, or does nothing for a vector that was lent. */
  private record Here(FlatVector vector, Runnable end) implements SharedVector {
    @Override
    public void close() {
      end.run();
    }
  }
}
