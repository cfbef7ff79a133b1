package org.sparklora.model.engine.hardware;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * A C function of one argument, a pointer or an int, for which JavaCPP has no binding. Calls it
 * through JavaCPP's {@code Pointer.NativeDeallocator}, which calls any C function of one
 * pointer-sized argument; supported platforms pass an int alike. Results are not returned.
 *
 * <p>Thread-safe, if the function is.
 */
public final class NativeFunction {
  private final Pointer address;
  private final Object caller;
  private final Method call;

  /**
   * Finds a function among the global symbols of this process.
   *
   * @throws ReflectiveOperationException if there is no such function, or this JavaCPP's internals
   *     differ from those expected
   */
  public NativeFunction(String symbol) throws ReflectiveOperationException {
    address = Loader.addressof(symbol);
    if (address == null || address.isNull()) {
      throw new NoSuchMethodException(symbol);
    }
    Class<?> type = Class.forName("org.bytedeco.javacpp.Pointer$NativeDeallocator");
    Constructor<?> constructor = type.getDeclaredConstructor(Pointer.class, long.class, long.class);
    call = type.getDeclaredMethod("deallocate", long.class, long.class);
    constructor.setAccessible(true);
    call.setAccessible(true);
    caller = constructor.newInstance(new BytePointer(1L), 0L, 0L);
  }

  /** Calls the function with an int or an address. */
  public void call(long argument) throws ReflectiveOperationException {
    call.invoke(caller, argument, address.address());
  }
}
