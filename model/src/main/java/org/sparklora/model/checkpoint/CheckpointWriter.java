package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Locale;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.text.json.JsonFile;

/** Writes a checkpoint folder that transformers loads. Each file appears whole or not at all. */
public final class CheckpointWriter {

  /** Tokenizer files, copied along with the weights if the model's folder has them. */
  private static final List<String> TOKENIZER_FILES =
      List.of(
          "tokenizer.json",
          "tokenizer_config.json",
          "special_tokens_map.json",
          "added_tokens.json",
          "vocab.json",
          "merges.txt",
          "tokenizer.model",
          "chat_template.jinja",
          "chat_template.json");

  private static final String TEMPLATES = "additional_chat_templates";
  static final String GENERATION_CONFIG = "generation_config.json";

  private CheckpointWriter() {}

  /** Writes {@code model.safetensors}, and {@code config.json} with the type of the weights. */
  public static void write(
      Path folder, ObjectNode config, DType dtype, List<SafeTensorsWriter.Entry> weights)
      throws IOException {
    Files.createDirectories(folder);
    SafeTensorsWriter.write(folder.resolve(CheckpointFolder.SINGLE_FILE), weights);
    config.remove(CheckpointFolder.WEIGHTS); // names files of the base model
    // transformers 4 reads torch_dtype, transformers 5 reads dtype before torch_dtype
    boolean newer = config.hasNonNull("dtype") || !config.has("torch_dtype");
    config.remove(newer ? "torch_dtype" : "dtype");
    config.put(newer ? "dtype" : "torch_dtype", dtype.name().toLowerCase(Locale.ROOT));
    JsonFile.write(folder.resolve(CheckpointFolder.CONFIG), config);
  }

  /** Copies the tokenizer and the chat template, so that the new folder is complete. */
  public static void copyTokenizer(Path from, Path to) throws IOException {
    for (String name : TOKENIZER_FILES) {
      copyIfThere(from, to, name);
    }
    Path templates = from.resolve(TEMPLATES);
    if (Files.isDirectory(templates)) {
      try (DirectoryStream<Path> named = Files.newDirectoryStream(templates, "*.jinja")) {
        for (Path template : named) {
          copyIfThere(from, to, TEMPLATES + "/" + template.getFileName());
        }
      }
    }
  }

  public static void copyGenerationConfig(Path from, Path to) throws IOException {
    copyIfThere(from, to, GENERATION_CONFIG);
  }

  private static void copyIfThere(Path from, Path to, String name) throws IOException {
    if (Files.isRegularFile(from.resolve(name))) {
      Files.createDirectories(to.resolve(name).getParent());
      Path aside = to.resolve(name + ".part");
      Files.copy(from.resolve(name), aside, StandardCopyOption.REPLACE_EXISTING);
      Files.move(
          aside,
          to.resolve(name),
          StandardCopyOption.REPLACE_EXISTING,
          StandardCopyOption.ATOMIC_MOVE);
    }
  }
}
