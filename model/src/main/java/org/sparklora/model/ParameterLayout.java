package org.sparklora.model;

import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The order of the trained parameters in one flat float32 vector, the form in which optimizers,
 * averages over executors and checkpoints take them. Implementations: {@code AdapterLayout} (LoRA
 * factors, PEFT's names), {@link WeightLayout} (all weights) and {@link #none()}.
 *
 * <p>Immutable and thread-safe.
 */
public interface ParameterLayout extends Serializable {

  /** Names without weight decay in Hugging Face's trainer: biases and every kind of norm. */
  Pattern UNDECAYED =
      Pattern.compile("bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)");

  /** All parameters in the order of the vector, without gaps. */
  List<Entry> entries();

  /** The length of the vector. */
  default long size() {
    return entries().stream().mapToLong(Entry::size).sum();
  }

  /** The parameter of this name. */
  default Optional<Entry> entry(String name) {
    return entries().stream().filter(entry -> entry.name().equals(name)).findFirst();
  }

  /** The parameters that a vector holds, for a file of float32 tensors. */
  default List<SafeTensorsWriter.Entry> tensors(Tensor vector) {
    return entries().stream()
        .map(entry -> SafeTensorsWriter.Entry.of(entry.name(), DType.FLOAT32, entry.in(vector)))
        .toList();
  }

  /** The layout of a model without trained parameters: the vector is empty. */
  static ParameterLayout none() {
    return NothingTrained.INSTANCE;
  }

  /** Whether Hugging Face's trainer applies weight decay to a parameter of this name. */
  static boolean isDecayed(String name) {
    return !UNDECAYED.matcher(name).find();
  }

  /**
   * One parameter.
   *
   * @param name as in the file that holds it
   * @param shape row-major; read-only and not copied
   * @param offset its first element in the vector
   * @param decayed whether weight decay applies to it
   */
  record Entry(String name, long[] shape, long offset, boolean decayed) implements Serializable {

    /** The number of elements. */
    public long size() {
      return Tensor.sizeOf(shape);
    }

    /** A view of this parameter in a vector of its layout. */
    public Tensor in(Tensor vector) {
      return vector.view(offset, shape);
    }
  }

  /** The layout of {@link #none()}. */
  enum NothingTrained implements ParameterLayout {
    INSTANCE;

    @Override
    public List<Entry> entries() {
      return List.of();
    }
  }
}
