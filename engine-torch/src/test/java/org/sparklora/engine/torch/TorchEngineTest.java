package org.sparklora.engine.torch;

import org.junit.platform.suite.api.BeforeSuite;
import org.sparklora.model.engine.EngineContract;
import org.sparklora.model.engine.EnginesUnderTest;

class TorchEngineTest extends EngineContract {

  @BeforeSuite
  static void engines() {
    EnginesUnderTest.are("torch:2");
  }
}
