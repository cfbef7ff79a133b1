package org.sparklora.engine.torch;

import org.junit.platform.suite.api.BeforeSuite;
import org.sparklora.model.engine.EngineContract;
import org.sparklora.model.engine.EnginesUnderTest;

/** With tensors apart from this process's memory, as on a GPU. */
class ApartEngineTest extends EngineContract {

  @BeforeSuite
  static void engines() {
    EnginesUnderTest.are("torch-apart:1");
  }
}
