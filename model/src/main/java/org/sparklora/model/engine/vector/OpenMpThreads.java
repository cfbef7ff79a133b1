package org.sparklora.model.engine.vector;

import java.util.Optional;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.sparklora.model.engine.hardware.NativeFunction;

/**
 * Makes oneDNN single-threaded on threads that ask for it.
 *
 * <p>JavaCPP's oneDNN divides each gemm over OpenMP threads of its own, which would compete with
 * {@link WorkerPool}'s threads for the cores. {@code omp_set_num_threads(int)} limits the calling
 * thread; it is called by a {@link NativeFunction}, since JavaCPP has no binding for it. OpenMP's
 * environment variable would limit ND4J and libtorch, too.
 *
 * <p>Thread-safe.
 */
final class OpenMpThreads {
  private static final Optional<NativeFunction> SET_NUM_THREADS = find();

  private OpenMpThreads() {}

  /**
   * Makes later gemm calls of the calling thread run on that thread alone.
   *
   * @return false if OpenMP cannot be limited here; gemm then uses OpenMP's own threads
   */
  static boolean limitCallingThreadToOne() {
    try {
      if (SET_NUM_THREADS.isPresent()) {
        SET_NUM_THREADS.get().call(1);
      }
      return SET_NUM_THREADS.isPresent();
    } catch (ReflectiveOperationException e) {
      return false;
    }
  }

  /**
   * {@code omp_set_num_threads} of the OpenMP library that oneDNN computes with, looked up by the
   * library's name, as oneDNN does. The file of this name in JavaCPP's cache may be another copy:
   * ND4J brings one, and JavaCPP links the copies by load order, in a cache shared with processes
   * of another order. A limit in the wrong copy has no effect and changes how sums are divided.
   */
  private static Optional<NativeFunction> find() {
    try {
      Loader.load(dnnl.class);
      if (Loader.getPlatform().startsWith("linux")) {
        Loader.loadGlobal("libgomp.so.1"); // already loaded, but its symbols are not yet global
      }
      return Optional.of(new NativeFunction("omp_set_num_threads"));
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      // another JavaCPP or OpenMP: slower, not wrong; without oneDNN the first gemm throws
      return Optional.empty();
    }
  }
}
