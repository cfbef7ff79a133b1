package org.sparklora.model.engine;

import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Comparator;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Supplier;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * An engine that notes, for each kind of work, calls, time and floating-point operations of the
 * products. Besides the time that passes it counts what the process's threads computed meanwhile,
 * which other processes on the machine change little.
 */
public final class ProfiledEngine {
  private static final com.sun.management.OperatingSystemMXBean PROCESS =
      (com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();

  private final Map<String, Work> works = new TreeMap<>();
  private final Engine engine;

  /** Engines are closed by those who opened them: closing this one's closes {@code other}. */
  public ProfiledEngine(Engine other) {
    Kernels kernels = other.kernels();
    engine =
        new Engine(
            (Kernels)
                Proxy.newProxyInstance(
                    Kernels.class.getClassLoader(),
                    new Class<?>[] {Kernels.class},
                    (proxy, method, arguments) -> call(kernels, method, arguments)));
  }

  public Engine engine() {
    return engine;
  }

  /** Forgets what was noted. */
  public void restart() {
    works.clear();
  }

  /** What all calls took of the processor. */
  public double processorSeconds() {
    return works.values().stream().mapToLong(work -> work.processor).sum() / 1e9;
  }

  /**
   * The largest first: calls, seconds that passed, seconds of processor, and GFLOP a second of
   * processor.
   */
  public String report() {
    StringBuilder text = new StringBuilder();
    Work all = new Work();
    works.values().forEach(all::add);
    works.entrySet().stream()
        .sorted(Comparator.comparingLong(entry -> -entry.getValue().processor))
        .forEach(entry -> text.append(entry.getValue().line(entry.getKey(), all)));
    return text.append(all.line("all", all)).toString();
  }

  private Object call(Kernels kernels, Method method, Object[] arguments) throws Throwable {
    if (method.getName().equals("run")) { // all that is called inside counts by itself
      return kernels.run((Supplier<?>) arguments[0]);
    }
    long start = System.nanoTime();
    long processor = PROCESS.getProcessCpuTime();
    try {
      return method.invoke(kernels, arguments);
    } catch (InvocationTargetException e) {
      throw e.getCause();
    } finally {
      Work work = works.computeIfAbsent(kind(method.getName(), arguments), key -> new Work());
      work.calls++;
      work.passed += System.nanoTime() - start;
      work.processor += PROCESS.getProcessCpuTime() - processor;
      work.operations += operations(method.getName(), arguments);
    }
  }

  /** Products by what they multiply; shapes are (N, in), (out, in), (N, out). */
  private static String kind(String method, Object[] arguments) {
    if (!method.startsWith("matmul")) {
      return method;
    }
    return "%s %s %s %s"
        .formatted(method, arguments[0], arguments[1], arguments[arguments.length - 1]);
  }

  private static double operations(String method, Object[] arguments) {
    if (!method.startsWith("matmul")) {
      return 0;
    }
    Tensor first = (Tensor) arguments[0];
    Tensor second = (Tensor) arguments[1];
    return 2.0
        * first.size()
        * (method.equals("matmul") || method.equals("matmulAdd")
            ? second.rows()
            : second.columns());
  }

  private static final class Work {
    private long calls;
    private long passed;
    private long processor;
    private double operations;

    void add(Work other) {
      calls += other.calls;
      passed += other.passed;
      processor += other.processor;
      operations += other.operations;
    }

    String line(String name, Work all) {
      return "%6d calls %8.3f s %8.3f s of processor %5.1f %% %8.1f GFLOP %6.1f a second  %s%n"
          .formatted(
              calls,
              passed / 1e9,
              processor / 1e9,
              100.0 * processor / all.processor,
              operations / 1e9,
              operations / Math.max(1, processor),
              name);
    }
  }
}
