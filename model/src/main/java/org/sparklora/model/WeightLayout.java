package org.sparklora.model;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.SafeTensorsWriter;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The parameter vector of full fine-tuning: all weights of the model, first those with weight decay
 * (matrices), then those without (norms and biases), so that each group is one contiguous range.
 * For a norm that multiplies by 1 + weight, the vector holds 1 + weight.
 *
 * <p>Immutable and thread-safe.
 */
public final class WeightLayout extends ParameterLayout {
  private static final long serialVersionUID = 1;

  private final Set<String> onePlus; // names of norms that multiply by 1 + weight

  private WeightLayout(Map<String, long[]> shapes, Set<String> onePlus) {
    this.onePlus = onePlus;
    for (boolean decayed : new boolean[] {true, false}) {
      shapes.forEach(
          (name, shape) -> {
            if (isDecayed(name) == decayed) {
              add(name, shape);
            }
          });
    }
  }

  /** The layout of all weights of a model; a table that embedding and head share is stored once. */
  public static WeightLayout of(DecoderConfig config) {
    Map<String, long[]> shapes = WeightNames.expected(config);
    Stream<String> onePlus = shapes.keySet().stream().filter(config::isOnePlus);
    return new WeightLayout(shapes, onePlus.collect(Collectors.toSet()));
  }

  /** Overwrites a vector of this layout with a checkpoint's weights. */
  public void load(CheckpointFolder checkpoint, Engine engine, Tensor parameters)
      throws IOException {
    for (Entry entry : entries()) {
      try (Tensor stored = checkpoint.loadStored(entry.name(), engine)) {
        engine.copy(stored, entry.in(parameters));
      }
      if (onePlus.contains(entry.name())) {
        try (Tensor factor = sum(engine, 1, entry.in(parameters))) {
          engine.copy(factor, entry.in(parameters));
        }
      }
    }
  }

  @Override
  public List<SafeTensorsWriter.Entry> tensors(Tensor vector) {
    return super.tensors(vector).stream().map(this::asStored).toList();
  }

  private SafeTensorsWriter.Entry asStored(SafeTensorsWriter.Entry entry) {
    return onePlus.contains(entry.name())
        ? new SafeTensorsWriter.Entry(
            entry.name(), entry.dtype(), entry.shape(), () -> minusOne(entry.source()))
        : entry;
  }

  private static Tensor minusOne(SafeTensorsWriter.Source source) throws IOException {
    try (Tensor factor = source.open()) {
      return sum(Engines.host(), -1, factor);
    }
  }

  /** A new tensor {@code a + x}. */
  static Tensor sum(Engine engine, float a, Tensor x) {
    Tensor sum = engine.allocate(x.shape());
    engine.fill(sum, a);
    engine.addScaled(x, 1, sum);
    return sum;
  }
}
