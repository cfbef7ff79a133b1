package org.sparklora.model.layer;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.RopeScaling;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Rotary position embedding (Su et al., 2021): pair i of a head at position p turns by the angle
 * {@code p · θ^(−2i/D)}, with the frequencies scaled for long contexts as the config says.
 *
 * <p>Frequencies and angles are rounded to float32 where transformers rounds them: other roundings
 * would change results visibly from position 1000 on.
 *
 * <p>Thread-safe. The tables grow with the longest document seen.
 */
public final class RotaryEmbedding implements AutoCloseable {
  private static final int FIRST_TABLE = 256;

  private final float[] frequencies; // (D/2)
  private final List<Tensor> owned = new ArrayList<>();
  private Tables tables = null;

  public RotaryEmbedding(DecoderConfig config) {
    int headSize = config.heads().size();
    frequencies = new float[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = 2f * i / headSize;
      float frequency = 1f / (float) Math.pow(config.rope().theta(), exponent);
      frequencies[i] = scaled(frequency, config.rope().scaling());
    }
  }

  private static float scaled(float frequency, RopeScaling scaling) {
    if (scaling instanceof RopeScaling.Linear linear) {
      return frequency / (float) linear.factor();
    }
    return scaling instanceof RopeScaling.Llama3 llama3 ? llama3(frequency, llama3) : frequency;
  }

  /** Lowers the frequencies of long waves, keeps short waves, interpolates between (Llama 3.1). */
  private static float llama3(float frequency, RopeScaling.Llama3 scaling) {
    double context = scaling.originalMaxPositionEmbeddings();
    float factor = (float) scaling.factor();
    float wavelength = (float) (2 * Math.PI) / frequency;
    if (wavelength > context / scaling.lowFreqFactor()) {
      return frequency / factor;
    }
    if (wavelength < context / scaling.highFreqFactor()) {
      return frequency;
    }
    float low = (float) scaling.lowFreqFactor();
    float smooth =
        ((float) context / wavelength - low)
            / (float) (scaling.highFreqFactor() - scaling.lowFreqFactor());
    return (1 - smooth) * frequency / factor + smooth * frequency;
  }

  /** Tables for at least this many positions. */
  public synchronized Tables tables(Engine engine, int positions) {
    if (tables == null || tables.cos().rows() < positions) {
      int rows = FIRST_TABLE;
      while (rows < positions) {
        rows = Math.addExact(rows, rows);
      }
      // close() frees the old tables, which other threads may still use; each table is half the
      // next
      tables = compute(engine, rows);
    }
    return tables;
  }

  private Tables compute(Engine engine, int rows) {
    int half = frequencies.length;
    float[] cos = new float[rows * half];
    float[] sin = new float[rows * half];
    for (int position = 0; position < rows; position++) {
      for (int i = 0; i < half; i++) {
        float angle = position * frequencies[i];
        cos[position * half + i] = (float) Math.cos(angle);
        sin[position * half + i] = (float) Math.sin(angle);
      }
    }
    return new Tables(table(engine, cos, rows), table(engine, sin, rows));
  }

  private Tensor table(Engine engine, float[] values, int rows) {
    Tensor table = engine.allocate(rows, frequencies.length);
    owned.add(table);
    table.write(0, values, 0, values.length);
    return table;
  }

  /** Frees all tables; no computation may be using them. */
  @Override
  public synchronized void close() {
    owned.forEach(Tensor::close);
    owned.clear();
    tables = null;
  }

  /** Cosine and sine of every position's angles, {@code (positions, D/2)}. */
  public record Tables(Tensor cos, Tensor sin) {}
}
