package org.sparklora.model.engine;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.sparklora.model.engine.tensor.DType;

/**
 * The engines that tests run over: those of {@code model}, or those that a subclass of {@link
 * EngineContract} names. An engine's name here is that of {@code lora.engine}, a colon and its
 * threads.
 *
 * <p>Each is opened once for all tests: none closes it, nor lets JUnit close it as an argument.
 */
public final class EnginesUnderTest {
  /** One thread, and more than the rows of some cases. */
  private static final List<String> OF_MODEL = List.of("reference:1", "vector:1", "vector:3");

  private static final Map<String, Engine> OPENED = new ConcurrentHashMap<>();

  /** The oracle. */
  public static final Engine REFERENCE = opened("reference:1");

  private static volatile List<String> names = OF_MODEL;

  private EnginesUnderTest() {}

  /** Names the engines of the tests that follow. */
  public static void are(String... engines) {
    names = List.of(engines);
  }

  /** The tests that follow are of model's own engines. */
  static void areOfModel() {
    names = OF_MODEL;
  }

  /** The names of them all. */
  public static Stream<String> names() {
    return names.stream();
  }

  /** All of them. */
  public static Stream<Engine> all() {
    return names().map(EnginesUnderTest::opened);
  }

  /** The engines that are compared with the oracle; the oracle would only repeat itself. */
  static Stream<Engine> others() {
    return all().filter(engine -> engine != REFERENCE);
  }

  /** All of them, and those that decode otherwise where products are bfloat16. */
  public static Stream<Engine> allThatDecode() {
    return Stream.concat(
        all(), names().map(EnginesUnderTest::inBfloat16).filter(EnginesUnderTest::isOther));
  }

  private static boolean isOther(Engine inBfloat16) {
    return inBfloat16.packsWeights(DType.FLOAT32) || inBfloat16.activationType() == DType.BFLOAT16;
  }

  private static Engine inBfloat16(String name) {
    return OPENED.computeIfAbsent(
        name + ":bfloat16", key -> opened(name).withProductsIn(DType.BFLOAT16));
  }

  /** The one engine of this name, whether it is under test or not. */
  public static Engine opened(String name) {
    return OPENED.computeIfAbsent(name, EnginesUnderTest::open);
  }

  /** Another engine of this name, which the caller closes. */
  public static Engine open(String name) {
    String[] parts = name.split(":");
    return Engines.open(parts[0], Integer.parseInt(parts[1]));
  }

  /** What computes in another engine of this name, for {@link #of}. */
  public static Kernels kernels(String name) {
    return open(name).kernels;
  }

  /** An engine of one's own kernels. */
  public static Engine of(Kernels kernels) {
    return new Engine(kernels);
  }

  /**
   * An engine without memory for some calls.
   *
   * @param fails whether the next call of this method of {@link Kernels} fails
   */
  public static Engine failing(Predicate<String> fails, Kernels kernels) {
    return of(
        (Kernels)
            Proxy.newProxyInstance(
                Kernels.class.getClassLoader(),
                new Class<?>[] {Kernels.class},
                (proxy, method, arguments) -> {
                  if (fails.test(method.getName())) {
                    throw new OutOfMemoryError("this is a test");
                  }
                  try {
                    return method.invoke(kernels, arguments);
                  } catch (InvocationTargetException e) {
                    throw e.getCause();
                  }
                }));
  }

  /** The oracle. */
  public static Engine reference() {
    return REFERENCE;
  }
}
