package org.sparklora.spark.dl4j;

import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.concurrent.atomic.AtomicLong;
import org.sparklora.model.engine.EngineProvider;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Opens {@code vector-apart}: the vector engine's kernels, which say that their tensors lie apart
 * from this process's memory, and count what crosses.
 */
public final class ApartVectorProvider implements EngineProvider {
  /** Bytes of vectors that went to the engine, and that came back. */
  static final AtomicLong SENT = new AtomicLong();

  static final AtomicLong FETCHED = new AtomicLong();

  @Override
  public String name() {
    return "vector-apart";
  }

  @Override
  public Kernels open(int threads) {
    Kernels vector = EnginesUnderTest.kernels("vector:1");
    return (Kernels)
        Proxy.newProxyInstance(
            Kernels.class.getClassLoader(),
            new Class<?>[] {Kernels.class},
            (proxy, method, arguments) -> {
              switch (method.getName()) {
                case "isInThisProcess":
                  return false;
                case "withProductsIn":
                  return proxy;
                case "over":
                  throw new AssertionError("Tensors lie apart: memory cannot be one in place");
                case "upload":
                  SENT.addAndGet(Float.BYTES * ((Tensor) arguments[0]).size());
                  break;
                case "download":
                  FETCHED.addAndGet(Float.BYTES * ((Tensor) arguments[0]).size());
                  break;
                default:
                  break;
              }
              try {
                return method.invoke(vector, arguments);
              } catch (InvocationTargetException e) {
                throw e.getCause();
              }
            });
  }
}
