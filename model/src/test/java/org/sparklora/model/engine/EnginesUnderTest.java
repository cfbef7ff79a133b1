package org.sparklora.model.engine;

import java.util.List;
import java.util.stream.Stream;

/**
 * The implementations that tests run over, made once for all of them: no test closes them, nor lets
 * JUnit close them as arguments.
 */
public final class EnginesUnderTest {
  public static final Engine REFERENCE = Engines.open("reference", 1);

  /** One thread, and more than the rows of some cases. */
  public static final List<Engine> ALL =
      List.of(REFERENCE, Engines.open("vector", 1), Engines.open("vector", 3));

  private EnginesUnderTest() {}

  /** All implementations that this JVM can run. */
  public static Stream<Engine> all() {
    return ALL.stream();
  }

  /** An engine of one's own kernels. */
  public static Engine of(Kernels kernels) {
    return new Engine(kernels);
  }

  /** The oracle. */
  public static Engine reference() {
    return REFERENCE;
  }
}
