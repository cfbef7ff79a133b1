package org.sparklora.prep;

import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.net.URI;
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
 * @param template of {@code chat_template_path}
 * @param dialect {@code tokenizer_dialect}
 */
record TextSource(ModelSource model, GivenTemplate template, TokenizerDialect dialect)
    implements Serializable {
  /** A chat template in place of the model's own. */
  sealed interface GivenTemplate extends Serializable {}

  /** No template was given: the model's own is used. */
  record OwnTemplate() implements GivenTemplate {}

  /** The template of another tokenizer. */
  record OtherTokenizer(ModelSource folder) implements GivenTemplate {}

  /** A file, already read: it may exist on the driver's disk only. */
  record TemplateFile(String name, String text) implements GivenTemplate {}

  /**
   * Finds the files that a user's settings name.
   *
   * @throws ConfigException if a file is missing
   */
  static TextSource locate(Configuration hadoop, PrepConfig.Model config) {
    return new TextSource(
        config.reference().locate(hadoop, ModelSource.Part.TEXT),
        template(hadoop, config.chatTemplatePath(), config.reference().stagingDir()),
        config.dialect());
  }

  private static GivenTemplate template(Configuration hadoop, String name, String stagingDir) {
    if (name.isEmpty()) {
      return new OwnTemplate();
    }
    Path path = new Path(local(name));
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      if (fileSystem.exists(path) && fileSystem.getFileStatus(path).isFile()) {
        try (InputStream in = fileSystem.open(path)) {
          return new TemplateFile(name, ChatTemplate.decode(in.readAllBytes(), name));
        }
      }
    } catch (CheckpointException e) {
      throw new ConfigException(Flags.CHAT_TEMPLATE_PATH, name, e.getMessage());
    } catch (IOException e) {
      throw new ConfigException(
          Flags.CHAT_TEMPLATE_PATH, name, "it cannot be read (%s)".formatted(e.getMessage()));
    }
    return new OtherTokenizer(
        new ModelReference(Flags.CHAT_TEMPLATE_PATH.name(), name, "", stagingDir)
            .locate(hadoop, ModelSource.Part.TEXT));
  }

  /**
   * Checks that the files have not changed since the driver found them.
   *
   * @throws ConfigException if they have changed
   */
  void requireUnchanged() {
    model.requireUnchanged();
    if (template instanceof OtherTokenizer other) {
      other.folder().requireUnchanged();
    }
  }

  /** A name without a scheme is on this machine's disk, whatever Hadoop's default file system. */
  private static URI local(String name) {
    Path path = new Path(name);
    return path.toUri().getScheme() == null
        ? java.nio.file.Path.of(name).toAbsolutePath().toUri()
        : path.toUri();
  }
}
