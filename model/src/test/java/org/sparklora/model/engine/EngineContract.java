package org.sparklora.model.engine;

import org.junit.platform.suite.api.AfterSuite;
import org.junit.platform.suite.api.BeforeSuite;
import org.junit.platform.suite.api.IncludeTags;
import org.junit.platform.suite.api.SelectPackages;
import org.junit.platform.suite.api.Suite;

/**
 * What every engine passes: each {@link EachEngine} test of {@code model}. That is the kernels
 * against the reference engine's, the golden files of transformers and PEFT, the traces of TRL,
 * generation, and that nothing stays open. {@code model} runs these tests by themselves, over its
 * own engines; another module needs this test-jar, {@code junit-platform-suite} and one class:
 *
 * <pre>
 * class MyEngineTest extends EngineContract {
 *   &#64;BeforeSuite
 *   static void engines() {
 *     EnginesUnderTest.are("mine:1", "mine:3");
 *   }
 * }
 * </pre>
 */
@Suite
@SelectPackages("org.sparklora.model")
@IncludeTags(EachEngine.TAG)
public abstract class EngineContract {

  /** A subclass that names none runs into tests without arguments, which fail. */
  @BeforeSuite
  static void noneYet() {
    EnginesUnderTest.are();
  }

  @AfterSuite
  static void done() {
    EnginesUnderTest.areOfModel();
  }
}
