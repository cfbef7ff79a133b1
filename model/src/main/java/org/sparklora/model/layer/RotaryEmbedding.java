package org.sparklora.model.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.RopeScaling;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Rotary position embedding (Su et al., 2021): pair i of a head at position p turns by the angle
 * {@code p · θ^(−2i/D)}, with the frequencies scaled for long contexts as the config says.
 *
 * <p>Frequencies and angles are rounded to float32 where transformers rounds them: other roundings
 * would change results visibly from position 1000 on.
 *
 * <p>Texts of different lengths may have different frequencies. Each position then has a row in the
 * tables for each of them, one after the other, and {@link #rows} chooses by the length of the
 * token's own text.
 *
 * <p>Thread-safe. The tables grow with the longest document seen.
 */
public final class RotaryEmbedding implements AutoCloseable {
  private static final int FIRST_TABLE = 256;

  private final int headSize; // D
  private final List<DecoderConfig.Rope> ropes; // that some layer has
  private final int[] switches; // lengths of texts beyond which frequencies are others, ascending
  private final int longestText;
  private final List<Tensor> owned = new ArrayList<>();
  private Tables tables = null;

  public RotaryEmbedding(DecoderConfig config) {
    headSize = config.heads().size();
    ropes = config.ropes();
    longestText = config.longestText();
    switches = Arrays.stream(config.ropeSwitches()).filter(most -> most < longestText).toArray();
  }

  /**
   * For each token its row in the tables, {@code (N)}. A text's frequencies depend on its own
   * length alone; a beginning that several texts share counts as part of them.
   *
   * @throws IllegalArgumentException if a text is longer than supported, or if texts that share a
   *     beginning have different frequencies
   */
  public int[] rows(Segments texts) {
    int[] rows = texts.positions();
    int[] sets = new int[texts.count()];
    boolean[] isShared = new boolean[texts.count()];
    for (int s = 0; s < sets.length; s++) {
      sets[s] = set(texts.length(s));
      int shared = texts.prefixes()[s];
      if (shared >= 0) {
        if (isShared[shared] && sets[shared] != sets[s]) {
          throw new IllegalArgumentException(
              "Cannot compute texts that share their first %s tokens, of which only some have more than %s: rope_scaling rotates longer texts by other frequencies; lower --max_completion_length"
                  .formatted(texts.length(shared), switches[Math.min(sets[shared], sets[s])]));
        }
        isShared[shared] = true;
        sets[shared] = sets[s];
      }
    }
    for (int s = 0; s < sets.length; s++) {
      for (int n = texts.start(s); n < texts.end(s); n++) {
        rows[n] = row(rows[n], sets[s]);
      }
    }
    return rows;
  }

  /** The rows of tokens that are the last of their texts so far. */
  public int[] rows(int[] positions) {
    return Arrays.stream(positions).map(p -> row(p, set(p + 1))).toArray();
  }

  private int row(int position, int set) {
    return position * (switches.length + 1) + set;
  }

  /** The number of the frequencies of texts of this length, from 0. */
  private int set(int tokens) {
    if (tokens > longestText) {
      throw new IllegalArgumentException(
          "Cannot compute a text of %s tokens: beyond %s (max_position_embeddings), rope_scaling of type dynamic has other frequencies for each length, which are not supported; cut the text"
              .formatted(tokens, longestText));
    }
    int set = 0;
    while (set < switches.length && tokens > switches[set]) {
      set++;
    }
    return set;
  }

  /** One for each pair, {@code (D/2)}. */
  private float[] frequencies(DecoderConfig.Rope rope, int set) {
    float[] frequencies = new float[headSize / 2];
    for (int i = 0; i < frequencies.length; i++) {
      float exponent = 2f * i / headSize;
      float inverse = (float) Math.pow(rope.theta(), exponent);
      if (rope.scaling() instanceof RopeScaling.Linear linear) {
        frequencies[i] = 1f / inverse / (float) linear.factor();
      } else if (rope.scaling() instanceof RopeScaling.Llama3 llama3) {
        frequencies[i] = llama3(1f / inverse, llama3);
      } else if (rope.scaling() instanceof RopeScaling.Yarn yarn) {
        frequencies[i] = yarn(inverse, i, rope.theta(), yarn);
      } else if (rope.scaling() instanceof RopeScaling.LongRope longRope) {
        boolean isLong = set > 0 && switches[set - 1] >= longRope.longestShortText();
        List<Float> factors = isLong ? longRope.longFactors() : longRope.shortFactors();
        frequencies[i] = 1f / (factors.get(i) * inverse);
      } else {
        frequencies[i] = 1f / inverse;
      }
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
      int enough = FIRST_TABLE;
      while (enough < positions) {
        enough = Math.addExact(enough, enough);
      }
      // close() frees old tables, which other threads may still use; each is half the next
      Map<DecoderConfig.Rope, Angles> angles = new HashMap<>();
      for (DecoderConfig.Rope rope : ropes) {
        angles.put(rope, compute(engine, rope, enough));
      }
      tables = new Tables(enough, angles);
    }
    return tables;
  }

  private Angles compute(Engine engine, DecoderConfig.Rope rope, int positions) {
    int half = headSize / 2;
    int rows = row(positions, 0);
    float factor = (float) rope.scaling().attentionFactor();
    float[] cos = new float[rows * half];
    float[] sin = new float[rows * half];
    for (int set = 0; set <= switches.length; set++) {
      float[] frequencies = frequencies(rope, set);
      for (int position = 0; position < positions; position++) {
        int first = row(position, set) * half;
        for (int i = 0; i < half; i++) {
          float angle = position * frequencies[i];
          cos[first + i] = (float) Math.cos(angle) * factor;
          sin[first + i] = (float) Math.sin(angle) * factor;
        }
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

  /** The angles of each rotation that the layers have, for this many positions. */
  public record Tables(int positions, Map<DecoderConfig.Rope, Angles> angles) {
    public List<Tensor> tensors() {
      return angles.values().stream().flatMap(of -> Stream.of(of.cos, of.sin)).toList();
    }
  }

  /** Cosine and sine of every row's angles, {@code (rows, D/2)}. */
  public record Angles(Tensor cos, Tensor sin) {}
}
