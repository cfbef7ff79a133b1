package org.sparklora.model.engine;

import java.lang.management.ManagementFactory;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Comparator;
import java.util.List;
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
    Kernels kernels = other.kernels;
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

  /**
   * The products of linear layers by shape, {@code C (rows, columns) = A (rows, terms) · B (terms,
   * columns)}.
   *
   * @param isOfWeight whether it is the gradient of a weight, with A the transposed gradient of the
   *     result; otherwise B is a weight
   */
  public record Product(long rows, long columns, long terms, boolean isOfWeight, int calls) {

    public double operations() {
      return 2.0 * rows * columns * terms * calls;
    }
  }

  public List<Product> products() {
    return works.values().stream().filter(work -> work.product != null).map(Work::ofCalls).toList();
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
      if (method.getName().startsWith("matmul")) {
        work.product = product(method.getName(), (Tensor) arguments[0], (Tensor) arguments[1]);
      }
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

  private static Product product(String method, Tensor first, Tensor second) {
    if (method.equals("matmulBackwardWeight")) { // dYᵀ · x
      return new Product(first.columns(), second.columns(), first.rows(), true, 1);
    }
    boolean forward = method.equals("matmul"); // else dY · w
    return new Product(
        first.rows(), forward ? second.rows() : second.columns(), first.columns(), false, 1);
  }

  private static final class Work {
    private long calls;
    private long passed;
    private long processor;
    private Product product; // of one call, if it is one
    private double operations; // of the works that were added

    void add(Work other) {
      calls += other.calls;
      passed += other.passed;
      processor += other.processor;
      operations += other.operations();
    }

    Product ofCalls() {
      return new Product(
          product.rows, product.columns, product.terms, product.isOfWeight, Math.toIntExact(calls));
    }

    double operations() {
      return product == null ? operations : product.operations() * calls;
    }

    String line(String name, Work all) {
      return "%6d calls %8.3f s %8.3f s of processor %5.1f %% %8.1f GFLOP %6.1f a second  %s%n"
          .formatted(
              calls,
              passed / 1e9,
              processor / 1e9,
              100.0 * processor / all.processor,
              operations() / 1e9,
              operations() / Math.max(1, processor),
              name);
    }
  }
}
