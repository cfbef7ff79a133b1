package org.sparklora.engine.torch;

import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import net.bytebuddy.asm.MemberSubstitution;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.T_TensorTensor_T;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorVector;

/**
 * What the engine calls of libtorch inside of {@link Replays#run}, with all arguments: numbers, and
 * of tensors address, shape and strides. {@link CallsLoader} puts {@link #call} in front of each.
 * Memory that was taken since the run began is told by its number among them.
 */
public final class Calls {
  private static final Map<String, List<List<String>>> RUNS = new LinkedHashMap<>();
  private static final Map<Long, long[]> TAKEN = new HashMap<>(); // address: bytes, number
  private static List<String> current = null; // outside of a run
  private static long taken = 0;

  private Calls() {}

  /** The calls of each run, by the kind of run. */
  public static Map<String, List<List<String>>> runs() {
    return RUNS;
  }

  /** Stands in for a call. */
  public static Object call(
      @MemberSubstitution.This(
              optional = true,
              source = MemberSubstitution.Source.SUBSTITUTED_ELEMENT)
          Object target,
      @MemberSubstitution.AllArguments(source = MemberSubstitution.Source.SUBSTITUTED_ELEMENT)
          Object[] arguments,
      @MemberSubstitution.Origin(source = MemberSubstitution.Source.SUBSTITUTED_ELEMENT)
          String method,
      @MemberSubstitution.SelfCallHandle(
              source = MemberSubstitution.Source.SUBSTITUTED_ELEMENT,
              bound = false)
          MethodHandle called)
      throws Throwable {
    MethodHandle original = (target == null ? called : called.bindTo(target)).asFixedArity();
    if (target instanceof Replays) {
      return run(arguments, original);
    }
    if (current == null) {
      return original.invokeWithArguments(arguments);
    }
    current.add(
        "%s of %s %s"
            .formatted(method, text(target), Arrays.stream(arguments).map(Calls::text).toList()));
    Object result = original.invokeWithArguments(arguments);
    if (result instanceof Tensor tensor) {
      take(tensor, target, arguments);
    } else if (result instanceof T_TensorTensor_T two) {
      take(two.get0(), target, arguments);
      take(two.get1(), target, arguments);
    } else if (arguments.length == 1 && arguments[0] instanceof IValueVector stack) { // callBoxed
      for (long i = 0; i < stack.size(); i++) {
        take(stack.get(i).toTensor(), target, arguments);
      }
    }
    return result;
  }

  private static Object run(Object[] arguments, MethodHandle original) throws Throwable {
    current = new ArrayList<>();
    taken = 0;
    TAKEN.clear();
    RUNS.computeIfAbsent(arguments[0].toString(), kind -> new ArrayList<>()).add(current);
    try {
      return original.invokeWithArguments(arguments);
    } finally {
      current = null;
    }
  }

  /** Numbers a result's memory unless it is an argument's. */
  private static void take(Tensor result, Object target, Object[] arguments) {
    long address = result.data_ptr().address();
    boolean isArgument =
        target instanceof Tensor own && isIn(own, address)
            || Arrays.stream(arguments).anyMatch(a -> a instanceof Tensor x && isIn(x, address));
    if (!isArgument) {
      long bytes = result.nbytes();
      TAKEN
          .entrySet()
          .removeIf(e -> e.getKey() < address + bytes && address < e.getKey() + e.getValue()[0]);
      TAKEN.put(address, new long[] {Math.max(1, bytes), taken++});
    }
  }

  private static boolean isIn(Tensor x, long address) {
    long first = x.data_ptr().address();
    long elements = 1;
    for (long i = 0; i < x.dim(); i++) {
      elements += (x.size(i) - 1) * x.stride(i);
    }
    return address >= first && address < first + Math.max(1, elements * x.element_size());
  }

  private static String text(Object argument) {
    if (argument instanceof Tensor tensor) {
      return tensor.defined() ? place(tensor) : "undefined";
    }
    if (argument instanceof Scalar scalar) {
      return scalar.isFloatingPoint() ? "" + scalar.toDouble() : "" + scalar.toLong();
    }
    if (argument instanceof LongOptional number) {
      return number.has_value() ? "" + number.get() : "none";
    }
    if (argument instanceof long[] numbers) {
      return Arrays.toString(numbers);
    }
    if (argument instanceof TensorVector tensors) {
      return IntStream.range(0, (int) tensors.size())
          .mapToObj(i -> text(tensors.get(i)))
          .toList()
          .toString();
    }
    if (argument instanceof IValueVector values) {
      return IntStream.range(0, (int) values.size())
          .mapToObj(i -> text(values.get(i)))
          .toList()
          .toString();
    }
    if (argument instanceof IValue value) {
      return value.isTensor()
          ? text(value.toTensor())
          : value.isDouble() ? "" + value.toDouble() : value.isInt() ? "" + value.toInt() : "other";
    }
    return argument instanceof Pointer ? argument.getClass().getSimpleName() : "" + argument;
  }

  private static String place(Tensor tensor) {
    long address = tensor.data_ptr().address();
    String where = Long.toHexString(address);
    for (Map.Entry<Long, long[]> part : TAKEN.entrySet()) {
      long from = part.getKey();
      if (address >= from && address < from + part.getValue()[0]) {
        where = "taken " + part.getValue()[1] + " + " + (address - from);
      }
    }
    return "%s %s".formatted(where, shape(tensor));
  }

  private static String shape(Tensor tensor) {
    List<Long> numbers = new ArrayList<>();
    for (long i = 0; i < tensor.dim(); i++) {
      numbers.add(tensor.size(i));
      numbers.add(tensor.stride(i));
    }
    return tensor.scalar_type().intern() + numbers.toString();
  }
}
