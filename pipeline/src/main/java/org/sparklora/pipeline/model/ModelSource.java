package org.sparklora.pipeline.model;

import java.io.Serializable;
import java.nio.file.Path;

/**
 * A located model or adapter: serialized to executors, each of which reads it from a local folder.
 * Equal sources have equal files.
 *
 * <p>Immutable and thread-safe, serialisable with Java's serialiser.
 */
public sealed interface ModelSource extends Serializable
    permits LocalFolder, HadoopFolder, HubSnapshot {

  /** The wanted files of a model. */
  enum Part {
    /** Configuration, tokenizer and chat template. */
    TEXT,
    /** All of {@link #TEXT} and the weights. */
    WHOLE
  }

  ModelReference reference();

  default String name() {
    return reference().name();
  }

  /**
   * A local folder with the files; fetches missing files first, which may take as long as a copy.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if files changed or were deleted since
   *     they were located, or there is no room for them
   */
  Path folder();

  /**
   * Checks that the folder's files equal the located ones. Fetched copies are checked when they are
   * fetched; files that are read in place may differ on another node, or may have changed.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if the files differ
   */
  default void requireUnchanged() {}
}
