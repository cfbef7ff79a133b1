package org.sparklora.prep;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.text.json.CheckpointException;

/**
 * The location of tokenizer and chat template, as the driver found them; sent to executors.
 *
 * <p>Immutable, serialisable with Java's serialiser. Equal sources read the same texts: the
 * contents of a folder's files are part of its identity.
 *
 * @param templateName {@code chat_template_path}; empty if unset
 * @param templateText its contents if it is a file, which may exist on the driver's disk only
 * @param templateOf the tokenizer whose template is used: another one, or {@code model}
 */
public record TextSource(
    ModelSource model,
    TokenizerDialect dialect,
    String templateName,
    String templateText,
    ModelSource templateOf)
    implements Serializable {
  /** Finds the files that a user's settings name; refuses names without files. */
  static TextSource locate(Configuration hadoop, PrepConfig.Model config) {
    ModelSource model = config.reference().locate(hadoop, ModelSource.Part.TEXT);
    String name = config.chatTemplatePath();
    String text = name.isEmpty() ? "" : textOf(hadoop, name);
    String stagingDir = config.reference().stagingDir();
    ModelSource other =
        name.isEmpty() || !text.isEmpty()
            ? model
            : new ModelReference(Flags.CHAT_TEMPLATE_PATH.name(), name, "", stagingDir)
                .locate(hadoop, ModelSource.Part.TEXT);
    return new TextSource(model, config.dialect(), name, text, other);
  }

  /** Finds the files of a model for {@link #tokens}; refuses a model without a tokenizer. */
  public static TextSource withTokenizer(Configuration hadoop, PrepConfig.Model model) {
    TextSource text = locate(hadoop, model);
    ModelText.shared(text).requireTokenizer(model, "");
    return text;
  }

  /** The number of a text's tokens, without the special tokens that a model adds. */
  public int tokens(String text) {
    return ModelText.shared(this).tokenizer().orElseThrow().encode(text, false).length;
  }

  /** The contents of a template's file; empty if there is no file of this name. */
  private static String textOf(Configuration hadoop, String name) {
    Path path = new Path(name);
    if (path.toUri().getScheme() == null) { // on this disk, whatever Hadoop's default file system
      path = new Path(java.nio.file.Path.of(name).toAbsolutePath().toUri());
    }
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      if (fileSystem.exists(path) && fileSystem.getFileStatus(path).isFile()) {
        try (InputStream in = fileSystem.open(path)) {
          return ChatTemplate.decode(in.readAllBytes(), name); // never empty
        }
      }
      return "";
    } catch (CheckpointException e) {
      throw new ConfigException(Flags.CHAT_TEMPLATE_PATH, name, e.getMessage());
    } catch (IOException e) {
      throw new ConfigException(
          Flags.CHAT_TEMPLATE_PATH, name, "it cannot be read (%s)".formatted(e.getMessage()));
    }
  }
}
