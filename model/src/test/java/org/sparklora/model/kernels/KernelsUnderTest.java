package org.sparklora.model.kernels;

import java.util.List;
import java.util.stream.Stream;

/**
 * The implementations that tests run over, made once for all of them: no test closes them, nor lets
 * JUnit close them as arguments.
 */
public final class KernelsUnderTest {
  static final Kernels REFERENCE = KernelsProvider.create("reference", 1);

  /** One thread, and more than the rows of some cases. */
  static final List<Kernels> ALL =
      List.of(
          REFERENCE,
          KernelsProvider.create("vector", 1),
          KernelsProvider.create("vector", 3),
          KernelsProvider.create("nd4j", 1));

  private KernelsUnderTest() {}

  /** All implementations that this JVM can run. */
  public static Stream<Kernels> all() {
    return ALL.stream();
  }

  /** The oracle. */
  public static Kernels reference() {
    return REFERENCE;
  }
}
