package org.sparklora.model.engine;

import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Method;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.function.Consumer;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Kernels that compute nothing, on tensors without memory: a pass allocates the same shapes as on a
 * computing engine, so that its memory can be counted beforehand.
 */
final class CountingKernels {
  private CountingKernels() {}

  /** Kernels with these {@link Kernels#operandType} and {@link Kernels#activationType}. */
  static Kernels of(DType products, DType activations) {
    return proxy(
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "operandType" -> products;
              case "activationType" -> activations;
              case "independentRows" -> 0;
              case "packsWeights" ->
                  arguments[0] == DType.BFLOAT16
                      || arguments[0] == DType.FLOAT32 && products == DType.BFLOAT16;
              case "description" -> "counting only";
              default -> uncounted(proxy, method, arguments);
            });
  }

  /** Kernels with types and sizes of {@code real} that report each product of a linear layer. */
  static Kernels like(Kernels real, Consumer<LinearProduct> products) {
    return proxy(
        (proxy, method, arguments) ->
            switch (method.getName()) {
              case "matmul" -> report(products, real, arguments, 1, 0);
              case "matmulInput" -> report(products, real, arguments, 1, 0, 4);
              case "matmulBackwardWeight" -> report(products, real, arguments, 3, 1, 0);
              case "operandType",
                      "activationType",
                      "independentRows",
                      "logitsRows",
                      "description" ->
                  method.invoke(real, arguments);
              default -> uncounted(proxy, method, arguments);
            });
  }

  private static Kernels proxy(InvocationHandler handler) {
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(), new Class<?>[] {Kernels.class}, handler);
  }

  private static Object uncounted(Object proxy, Method method, Object[] arguments)
      throws Throwable {
    return switch (method.getName()) {
      case "allocate" -> new Unbacked((DType) arguments[0], (long[]) arguments[1]);
      case "route" -> Routing.ofFirst((Tensor) arguments[0], (Routing.Rule) arguments[1]);
      case "routeBackward" -> null;
      case "keepsNf4" -> false;
      default ->
          method.isDefault() ? InvocationHandler.invokeDefault(proxy, method, arguments) : null;
    };
  }

  /** Takes the indexes among the arguments of the matrix W or dW, and of x, dY and dX. */
  private static Object report(
      Consumer<LinearProduct> products, Kernels real, Object[] arguments, int matrix, int... rows) {
    Tensor[] operands =
        Arrays.stream(rows).mapToObj(row -> (Tensor) arguments[row]).toArray(Tensor[]::new);
    DType type = real.productType((Tensor) arguments[matrix], operands);
    products.accept(new LinearProduct(type, operands[0].rows()));
    return null;
  }

  /** A tensor without memory: reads as zeros, and ignores writes. */
  private static final class Unbacked extends Tensor {
    Unbacked(DType dtype, long... shape) {
      super(dtype, shape);
    }

    @Override
    protected Tensor viewAt(long offset, long... shape) {
      return new Unbacked(dtype(), shape);
    }

    @Override
    public void read(long offset, float[] destination, int from, int count) {
      Arrays.fill(destination, from, from + count, 0);
    }

    @Override
    public void write(long offset, float[] source, int from, int count) {
      // no memory
    }

    @Override
    public void close() {
      // no memory
    }
  }
}
