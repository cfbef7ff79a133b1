package org.sparklora.spark.bench;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalInt;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.checkpoint.ModelFamily;
import org.sparklora.model.checkpoint.RopeScaling;
import org.sparklora.model.engine.GateFunction;
import org.sparklora.model.engine.Heads;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/** Looks up model shapes by their usual names in lower case, or reads a folder's config.json. */
final class ModelShapes {
  private static final String FILE = "model_shapes.tsv";
  private static final double ROPE_THETA = 500_000;
  private static final float NORM_EPSILON = 1e-6f;
  private static final int POSITIONS = 131_072;

  private ModelShapes() {}

  /**
   * The shape of a model.
   *
   * @param name a name in {@code model_shapes.tsv}, or a folder with a {@code config.json}
   * @throws ConfigException if {@code name} is neither
   */
  static DecoderConfig find(String name) {
    Path config = Path.of(name, "config.json");
    if (Files.exists(config)) {
      try {
        return DecoderConfig.read(config);
      } catch (IOException e) {
        throw new ConfigException(Flags.MODEL, name, e.getMessage());
      }
    }
    Map<String, DecoderConfig> known = all();
    ConfigException.require(
        known.containsKey(name),
        Flags.MODEL,
        name,
        "name one of %s, or a folder with a config.json"
            .formatted(String.join(", ", known.keySet())));
    return known.get(name);
  }

  static Map<String, DecoderConfig> all() {
    Map<String, DecoderConfig> shapes = new LinkedHashMap<>();
    try (InputStream in = ModelShapes.class.getResourceAsStream(FILE)) {
      new String(in.readAllBytes(), StandardCharsets.UTF_8)
          .lines()
          .filter(line -> !line.startsWith("#"))
          .map(line -> line.split("\t"))
          .forEach(column -> shapes.put(column[0], shape(column)));
      return shapes;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static DecoderConfig shape(String[] column) {
    ModelFamily family = ModelFamily.valueOf(column[1]);
    int layers = Integer.parseInt(column[4]);
    return new DecoderConfig(
        family,
        Integer.parseInt(column[8]),
        Integer.parseInt(column[2]),
        Integer.parseInt(column[3]),
        new DecoderConfig.Attention(
            new Heads(
                Integer.parseInt(column[5]),
                Integer.parseInt(column[6]),
                Integer.parseInt(column[7])),
            family == ModelFamily.QWEN2,
            false),
        DecoderConfig.Layer.alike(
            layers, new DecoderConfig.Rope(ROPE_THETA, new RopeScaling.None())),
        NORM_EPSILON,
        GateFunction.SILU,
        false,
        Boolean.parseBoolean(column[9]),
        POSITIONS,
        OptionalInt.empty(),
        "bfloat16");
  }
}
