package org.sparklora.spark;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;

/** The tiny models that the model module is tested with, as complete checkpoint folders. */
public final class TestModels {
  private static final Path MODEL_RESOURCES = Path.of("../model/src/test/resources");

  private TestModels() {}

  /** Copies a model and the tiny tokenizer, whose vocabulary it has, into a new folder. */
  public static Path copy(String name, Path into) throws IOException {
    Path folder = Files.createDirectories(into.resolve(name));
    try (Stream<Path> files = Files.list(MODEL_RESOURCES.resolve("golden/models").resolve(name))) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    try (InputStream tokenizer =
        new GZIPInputStream(
            Files.newInputStream(MODEL_RESOURCES.resolve("text/tokenizers/tiny.json.gz")))) {
      Files.copy(tokenizer, folder.resolve("tokenizer.json"));
    }
    try (Stream<Path> files = Files.list(MODEL_RESOURCES.resolve("text/templates/tiny"))) {
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
}
