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
 * Where tokenizer and chat template are, as the driver found them; travels to executors.
 *
 * <p>Immutable, serialisable with Java's serialiser. Equal ones read the same texts: a folder is
 * one together with what its files held.
 *
 * @param template what {@code chat_template_path} names
 * @param dialect {@code tokenizer_dialect}
 */
record TextSource(ModelSource model, GivenTemplate template, TokenizerDialect dialect)
    implements Serializable {
  /** A chat template in place of the model's own. */
  sealed interface GivenTemplate extends Serializable {}

  /** None was given. */
  record OwnTemplate() implements GivenTemplate {}

  /** That of another tokenizer. */
  record OtherTokenizer(ModelSource folder) implements GivenTemplate {}

  /** A file, already read: it may be on the driver's disk alone. */
  record TemplateFile(String name, String text) implements GivenTemplate {}

  /**
   * Looks for the files of a user's settings.
   *
   * @throws ConfigException if they are not there
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
   * Checks that the files are those that the driver found.
   *
   * @throws ConfigException if they are others
   */
  void requireUnchanged() {
    model.requireUnchanged();
    if (template instanceof OtherTokenizer other) {
      other.folder().requireUnchanged();
    }
  }

  /** A name without a scheme is of this machine's disk, whatever Hadoop's default is. */
  private static URI local(String name) {
    Path path = new Path(name);
    return path.toUri().getScheme() == null
        ? java.nio.file.Path.of(name).toAbsolutePath().toUri()
        : path.toUri();
  }
}
