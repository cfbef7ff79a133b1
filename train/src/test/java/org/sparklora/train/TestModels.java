package org.sparklora.train;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;

/** The tiny models that the model module is tested with, as complete checkpoint folders. */
public final class TestModels {
  private static final Path MODELS = Path.of("../model/src/test/resources/golden/models");
  private static final Path TEXT = Path.of("../text/src/test/resources/text");

  private TestModels() {}

  /** Copies a model and the tiny tokenizer, whose vocabulary it has, into a new folder. */
  public static Path copy(String name, Path into) throws IOException {
    Path folder = Files.createDirectories(into.resolve(name));
    try (Stream<Path> files = Files.list(MODELS.resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    try (InputStream tokenizer =
        new GZIPInputStream(Files.newInputStream(TEXT.resolve("tokenizers/tiny.json.gz")))) {
      Files.copy(tokenizer, folder.resolve("tokenizer.json"));
    }
    try (Stream<Path> files = Files.list(TEXT.resolve("templates/tiny"))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    return folder;
  }

  /** A model's folder as jobs know it. */
  public static ModelSource source(Path folder) {
    return ModelReference.of(folder.toString()).locate(new Configuration(), ModelSource.Part.WHOLE);
  }

  /** An adapter of all linear layers on a model. */
  public static TrainedModel adapter(Path checkpoint, int rank, long seed) {
    return TrainedModel.adapter(
        source(checkpoint),
        new LoraConfig(rank, 2 * rank, 0, false, LoraTargets.names(List.of("all-linear"))),
        Precision.FLOAT32,
        true,
        seed);
  }
}
