package org.sparklora.model.engine;

import java.lang.reflect.Constructor;
import java.lang.reflect.Method;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;

/**
 * A C function of one argument, a pointer or an int, that JavaCPP has no binding of. What JavaCPP
 * has is {@code Pointer.NativeDeallocator}: it calls any C function that takes one pointer-sized
 * argument, which on our platforms is passed as an int is. Results are not returned.
 *
 * <p>Thread-safe, if the function is.
 */
public final class NativeFunction {
  private final Pointer address;
  private final Object caller;
  private final Method call;

  /**
   * Finds a function among the symbols of this process that are global.
   *
   * @throws ReflectiveOperationException if there is no such function, or JavaCPP is another one
   *     than this was written for
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

  /** Calls it with an int, or with an address. */
  public void call(long argument) throws ReflectiveOperationException {
    call.invoke(caller, argument, address.address());
  }
}
