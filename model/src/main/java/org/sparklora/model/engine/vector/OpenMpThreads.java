package org.sparklora.model.engine.vector;

import java.util.function.LongPredicate;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.sparklora.model.engine.NativeFunction;

/**
 * Makes oneDNN single-threaded on threads that ask for it.
 *
 * <p>The preset's oneDNN divides each gemm over OpenMP threads of its own, which would fight with
 * {@link WorkerPool}'s for the same cores. OpenMP's limit is a property of the calling thread, set
 * by {@code omp_set_num_threads(int)}, but JavaCPP has no binding of it ({@link NativeFunction}),
 * and its environment variable would limit ND4J and libtorch, too.
 *
 * <p>Thread-safe.
 */
final class OpenMpThreads {
  private static final LongPredicate SET_NUM_THREADS = find();

  private OpenMpThreads() {}

  /**
   * From now on gemm calls of the calling thread run on that thread alone.
   *
   * @return false if this cannot be had here; gemm then uses OpenMP's own threads
   */
  static boolean limitCallingThreadToOne() {
    return SET_NUM_THREADS.test(1);
  }

  private static LongPredicate find() {
    try {
      NativeFunction setNumThreads = setNumThreads();
      return argument -> {
        try {
          setNumThreads.call(argument);
          return true;
        } catch (ReflectiveOperationException e) {
          return false;
        }
      };
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // another JavaCPP or another OpenMP: slower, not wrong; without oneDNN gemm itself says so
      return argument -> false;
    }
  }

  /**
   * Of the library that oneDNN computes with, which is asked for by its name, as oneDNN does. The
   * file of this name in JavaCPP's cache may be another copy: ND4J brings one, and JavaCPP links
   * one to the other by which is loaded first, in a cache that processes with another order share.
   * A limit set in the wrong copy would limit nothing, and sums would be divided otherwise.
   */
  private static NativeFunction setNumThreads() throws ReflectiveOperationException {
    Loader.load(dnnl.class);
    if (Loader.getPlatform().startsWith("linux")) {
      Loader.loadGlobal("libgomp.so.1"); // loaded already, but symbols of none are found by name
    }
    return new NativeFunction("omp_set_num_threads");
  }
}
