package org.sparklora.engine.torch;

import org.junit.platform.suite.api.BeforeSuite;
import org.sparklora.model.engine.EngineContract;
import org.sparklora.model.engine.EnginesUnderTest;

/** On one thread; {@link IndependentRowsTest} and {@link TorchKernelsTest} have more. */
class TorchEngineTest extends EngineContract {

  @BeforeSuite
  static void engines() {
    EnginesUnderTest.are("torch:1");
  }
}
