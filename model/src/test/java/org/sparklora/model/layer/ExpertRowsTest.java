package org.sparklora.model.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.Routing;
import org.sparklora.model.engine.tensor.Indices;

class ExpertRowsTest {
  /** Three tokens, each of the same two of three experts. */
  private static final Routing ROUTING =
      new Routing(
          new Routing.Rule(2, true),
          new int[] {0, 1, 0, 1, 0, 1},
          new float[6],
          new double[3],
          new int[] {0, 2, 4, 1, 3, 5},
          new int[] {0, 3, 6, 6});

  /** Indices of a device, whose memory is freed by {@link #close} alone. */
  private static final class OfDevice extends Indices {
    private boolean isClosed;

    OfDevice(int count, int bound) {
      super(count, bound);
    }

    @Override
    public Indices part(int from, int to) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int[] toArray() {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {
      isClosed = true;
    }
  }

  @Test
  void indicesAreFreedWhereFurtherOnesFindNoMemory() {
    List<OfDevice> made = new ArrayList<>();
    Kernels kernels =
        (Kernels)
            Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> {
                  if (made.size() == 2) {
                    throw new OutOfMemoryError("this is a test");
                  }
                  made.add(new OfDevice(((int[]) arguments[0]).length, (int) arguments[1]));
                  return made.get(made.size() - 1);
                });
    Engine engine = EnginesUnderTest.of(kernels);
    assertThatThrownBy(() -> RoutedFeedForward.ExpertRows.of(engine, ROUTING))
        .hasMessage("this is a test");
    assertThat(made).hasSize(2).allMatch(indices -> indices.isClosed);
  }
}
