package org.sparklora.model;

import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.WeightNames;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * The parameter vector of full fine-tuning: all weights of the model, first those with weight decay
 * (matrices), then those without (norms and biases), so that each group is one contiguous range.
 *
 * <p>Immutable and thread-safe.
 */
public final class WeightLayout implements ParameterLayout {
  private static final long serialVersionUID = 1;

  private final LinkedHashMap<String, Entry> entries = new LinkedHashMap<>(); // by name

  private WeightLayout(Map<String, long[]> shapes) {
    append(shapes, false, append(shapes, true, 0));
  }

  private long append(Map<String, long[]> shapes, boolean decayed, long start) {
    long offset = start;
    for (Map.Entry<String, long[]> shape : shapes.entrySet()) {
      if (ParameterLayout.isDecayed(shape.getKey()) == decayed) {
        Entry entry = new Entry(shape.getKey(), shape.getValue(), offset, decayed);
        entries.put(entry.name(), entry);
        offset += entry.size();
      }
    }
    return offset;
  }

  /** The layout of all weights of a model; a table that embedding and head share is stored once. */
  public static WeightLayout of(DecoderConfig config) {
    return new WeightLayout(WeightNames.expected(config));
  }

  @Override
  public List<Entry> entries() {
    return List.copyOf(entries.values());
  }

  @Override
  public Optional<Entry> entry(String name) {
    return Optional.ofNullable(entries.get(name));
  }

  /** Overwrites a vector of this layout with a checkpoint's weights. */
  public void load(CheckpointFolder checkpoint, Engine engine, Tensor parameters)
      throws IOException {
    for (Entry entry : entries.values()) {
      try (Tensor stored = checkpoint.loadStored(entry.name(), engine)) {
        engine.copy(stored, entry.in(parameters));
      }
    }
  }
}
