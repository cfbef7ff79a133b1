package org.sparklora.engine.torch;

import java.util.Map;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;

/**
 * An operator that the presets have no method for, called by the names of its arguments. Those that
 * are not given are None.
 */
final class Operator {
  private final String name;
  private final OperatorHandle handle;

  private Operator(String name, OperatorHandle handle) {
    this.name = name;
    this.handle = handle;
  }

  /**
   * Of the scope.
   *
   * @param name such as {@code aten::mm}
   */
  static Operator of(String name) {
    return new Operator(name, Dispatcher.singleton().findSchemaOrThrow(name, ""));
  }

  /**
   * Its results, all of them tensors; of the scope.
   *
   * @throws IllegalArgumentException if it has no argument of a name
   */
  Tensor[] call(Map<String, IValue> arguments) {
    IValueVector stack = new IValueVector(inOrder(arguments));
    handle.callBoxed(stack);
    return IntStream.range(0, (int) stack.size())
        .mapToObj(i -> stack.get(i).toTensor())
        .toArray(Tensor[]::new);
  }

  private IValue[] inOrder(Map<String, IValue> arguments) {
    Argument schema = handle.schema().arguments();
    IValue[] values = new IValue[(int) schema.limit()];
    TreeSet<String> unknown = new TreeSet<>(arguments.keySet());
    for (int i = 0; i < values.length; i++) {
      String argument = schema.getPointer(i).name().getString();
      values[i] = arguments.containsKey(argument) ? arguments.get(argument) : new IValue();
      unknown.remove(argument);
    }
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot call %s with %s: this libtorch's has no such arguments; use the version that the build names"
              .formatted(name, unknown));
    }
    return values;
  }
}
