package org.sparklora.model.engine.vector;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import java.util.function.LongPredicate;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * Makes oneDNN single-threaded on threads that ask for it.
 *
 * <p>The preset's oneDNN divides each gemm over OpenMP threads of its own, which would fight with
 * {@link WorkerPool}'s for the same cores. OpenMP's limit is a property of the calling thread, set
 * by {@code omp_set_num_threads(int)}, but JavaCPP has no binding of it, and its environment
 * variable is read before a JVM could set it. What JavaCPP has is {@code
 * Pointer.NativeDeallocator}: it calls any C function that takes one pointer-sized argument, which
 * on our platforms is passed as an int is.
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
      Pointer function = address("omp_set_num_threads");
      Class<?> type = Class.forName("org.bytedeco.javacpp.Pointer$NativeDeallocator");
      Constructor<?> constructor =
          type.getDeclaredConstructor(Pointer.class, long.class, long.class);
      Method call = type.getDeclaredMethod("deallocate", long.class, long.class);
      constructor.setAccessible(true);
      call.setAccessible(true);
      Object caller = constructor.newInstance(new BytePointer(1L), 0L, 0L);
      return argument -> {
        try {
          call.invoke(caller, argument, function.address());
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
  private static Pointer address(String symbol) throws ReflectiveOperationException {
    Loader.load(dnnl.class);
    if (Loader.getPlatform().startsWith("linux")) {
      Loader.loadGlobal("libgomp.so.1"); // loaded already, but symbols of none are found by name
    }
    Pointer address = Loader.addressof(symbol);
    if (address == null || address.isNull()) {
      throw new NoSuchMethodException(symbol);
    }
    return address;
  }
}
