package org.sparklora.model.layer;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
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

  private final int headSize; // D
  private final List<DecoderConfig.Rope> ropes; // that some layer has
  private final List<Tensor> owned = new ArrayList<>();
  private Tables tables = null;

  public RotaryEmbedding(DecoderConfig config) {
    headSize = config.heads().size();
    ropes =
        config.layers().stream()
            .map(DecoderConfig.Layer::rope)
            .flatMap(Optional::stream)
            .distinct()
            .toList();
  }

  /** One for each pair, {@code (D/2)}. */
  private float[] frequencies(DecoderConfig.Rope rope) {
    float[] frequencies = new float[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = 2f * i / headSize;
      float inverse = (float) Math.pow(rope.theta(), exponent);
      frequencies[i] =
          rope.scaling() instanceof RopeScaling.Yarn yarn
              ? yarn(inverse, i, rope.theta(), yarn)
              : scaled(1f / inverse, rope.scaling());
    }
    return frequencies;
  }

  /** Interpolates between pairs that turn {@code betaFast} and {@code betaSlow} times. */
  private float yarn(float inverse, int i, double theta, RopeScaling.Yarn scaling) {
    double first = pair(scaling.betaFast(), theta, scaling);
    double last = pair(scaling.betaSlow(), theta, scaling);
    double low = Math.max(0, scaling.truncate() ? Math.floor(first) : first);
    double high = Math.min(headSize - 1, scaling.truncate() ? Math.ceil(last) : last);
    double width = high == low ? 0.001 : high - low;
    float kept = 1 - Math.max(0, Math.min(1, (i - (float) low) / (float) width));
    return 1f / ((float) scaling.factor() * inverse) * (1 - kept) + 1f / inverse * kept;
  }

  /** The pair that turns this many times in the original positions. */
  private double pair(double turns, double theta, RopeScaling.Yarn scaling) {
    double wave = scaling.originalMaxPositionEmbeddings() / (turns * 2 * Math.PI);
    return headSize * Math.log(wave) / (2 * Math.log(theta));
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
    if (tables == null || tables.positions < positions) {
      int rows = FIRST_TABLE;
      while (rows < positions) {
        rows = Math.addExact(rows, rows);
      }
      // close() frees the old tables, which other threads may still use; each table is half the
      // next
      Map<DecoderConfig.Rope, Angles> angles = new HashMap<>();
      for (DecoderConfig.Rope rope : ropes) {
        angles.put(rope, compute(engine, rope, rows));
      }
      tables = new Tables(rows, angles);
    }
    return tables;
  }

  private Angles compute(Engine engine, DecoderConfig.Rope rope, int rows) {
    float[] frequencies = frequencies(rope);
    int half = frequencies.length;
    float factor =
        rope.scaling() instanceof RopeScaling.Yarn yarn ? (float) yarn.attentionFactor() : 1;
    float[] cos = new float[rows * half];
    float[] sin = new float[rows * half];
    for (int position = 0; position < rows; position++) {
      for (int i = 0; i < half; i++) {
        float angle = position * frequencies[i];
        cos[position * half + i] = (float) Math.cos(angle) * factor;
        sin[position * half + i] = (float) Math.sin(angle) * factor;
      }
    }
    return new Angles(table(engine, cos, rows), table(engine, sin, rows));
  }

  private Tensor table(Engine engine, float[] values, int rows) {
    Tensor table = engine.allocate(rows, headSize / 2);
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

  /**
   * The angles of each rotation that the layers have.
   *
   * @param positions that the tables have a row for
   */
  public record Tables(int positions, Map<DecoderConfig.Rope, Angles> angles) {
    /** All tensors of the tables. */
    public List<Tensor> tensors() {
      return angles.values().stream().flatMap(of -> Stream.of(of.cos, of.sin)).toList();
    }
  }

  /** Cosine and sine of every position's angles, {@code (positions, D/2)}. */
  public record Angles(Tensor cos, Tensor sin) {}
}
