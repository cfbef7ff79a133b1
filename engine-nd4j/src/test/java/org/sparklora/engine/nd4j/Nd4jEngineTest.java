package org.sparklora.engine.nd4j;

import org.junit.platform.suite.api.BeforeSuite;
import org.sparklora.model.engine.EngineContract;
import org.sparklora.model.engine.EnginesUnderTest;

class Nd4jEngineTest extends EngineContract {

  @BeforeSuite
  static void engines() {
    EnginesUnderTest.are("nd4j:1");
  }
}
