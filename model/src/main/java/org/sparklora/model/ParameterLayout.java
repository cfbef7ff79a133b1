package org.sparklora.model;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The order of the trained parameters in one flat float32 vector, the form in which optimizers,
 * averages over executors and checkpoints take them: {@code AdapterLayout} (LoRA factors, PEFT's
 * names), {@link WeightLayout} (all weights) or {@link #none()}.
 *
 * <p>Thread-safe, and immutable after construction.
 */
public class ParameterLayout implements Serializable {
  private static final long serialVersionUID = 1;

  /** Names without weight decay in Hugging Face's trainer: biases and every kind of norm. */
  private static final Pattern UNDECAYED =
      Pattern.compile("bias|layernorm|rmsnorm|(?:^|\\.)norm(?:$|\\.)|_norm(?:$|\\.)");

  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(); // by name
  private long size = 0;

  protected ParameterLayout() {}

  /** The layout of a model without trained parameters: the vector is empty. */
  public static ParameterLayout none() {
    return new ParameterLayout();
  }

  /** Adds a parameter after all others, during construction. */
  protected final Entry add(String name, long... shape) {
    Entry entry = new Entry(name, shape, size, isDecayed(name));
    entries.put(name, entry);
    size += entry.size();
    return entry;
  }

  /** All parameters in the order of the vector, without gaps. */
  public final List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  /** The length of the vector. */
  public final long size() {
    return size;
  }

  public final Optional<Entry> entry(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** The parameters that a vector holds, for a file of float32 tensors. */
  public List<SafeTensorsWriter.Entry> tensors(Tensor vector) {
    return entries.values().stream()
        .map(entry -> SafeTensorsWriter.Entry.of(entry.name(), DType.FLOAT32, entry.in(vector)))
        .toList();
  }

  /** Whether Hugging Face's trainer applies weight decay to a parameter of this name. */
  public static boolean isDecayed(String name) {
    return !UNDECAYED.matcher(name).find();
  }

  /**
   * One parameter; weight decay applies to it if {@code decayed}.
   *
   * @param name as in the file that holds it
   * @param shape row-major; read-only and not copied
   * @param offset its first element in the vector
   */
  public record Entry(String name, long[] shape, long offset, boolean decayed)
      implements Serializable {

    public long size() {
      return Tensor.sizeOf(shape);
    }

    /** A view of this parameter in a vector of its layout. */
    public Tensor in(Tensor vector) {
      return vector.view(offset, shape);
    }
  }
}
