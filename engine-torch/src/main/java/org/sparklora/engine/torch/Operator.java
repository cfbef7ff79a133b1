package org.sparklora.engine.torch;

import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import org.bytedeco.pytorch.Argument;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.IntType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.TensorType;
import org.bytedeco.pytorch.Type;

/** An operator without a method in the presets, called by named arguments, None if not given. */
final class Operator {
  private static final Map<String, Operator> FOUND = new ConcurrentHashMap<>();

  private final String name;
  private final OperatorHandle handle;
  private final List<String> arguments;

  private Operator(String name) {
    this.name = name;
    this.handle = Scope.kept(() -> Dispatcher.singleton().findSchemaOrThrow(name, ""));
    Argument schema = handle.schema().arguments();
    this.arguments =
        IntStream.range(0, (int) schema.limit())
            .mapToObj(i -> schema.getPointer(i).name().getString())
            .toList();
  }

  /** The operator of a name, such as {@code aten::mm}. */
  static Operator of(String name) {
    return FOUND.computeIfAbsent(name, Operator::new);
  }

  /** A list of one whole number; the scope frees it. */
  static IValue list(long number) {
    GenericList list = new GenericList(new Type.TypePtr(IntType.getIntTypePtr().get()));
    list.push_back(new IValue(number));
    return new IValue(list);
  }

  /** A list of tensors; the scope frees it. */
  static IValue list(Tensor... tensors) {
    GenericList list = new GenericList(new Type.TypePtr(TensorType.get()));
    for (Tensor tensor : tensors) {
      list.push_back(new IValue(tensor));
    }
    return new IValue(list);
  }

  /**
   * Calls the operator, whose results must be tensors; the scope frees them.
   *
   * @throws IllegalArgumentException if the operator has no argument of a given name
   */
  Tensor[] call(Map<String, IValue> arguments) {
    IValueVector stack = new IValueVector(inOrder(arguments));
    handle.callBoxed(stack);
    return IntStream.range(0, (int) stack.size())
        .mapToObj(i -> stack.get(i).toTensor())
        .toArray(Tensor[]::new);
  }

  private IValue[] inOrder(Map<String, IValue> given) {
    TreeSet<String> unknown = new TreeSet<>(given.keySet());
    arguments.forEach(unknown::remove);
    if (!unknown.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot call %s with %s: this libtorch's has no such arguments; use the version that the build names"
              .formatted(name, unknown));
    }
    return arguments.stream()
        .map(argument -> given.containsKey(argument) ? given.get(argument) : new IValue())
        .toArray(IValue[]::new);
  }
}
