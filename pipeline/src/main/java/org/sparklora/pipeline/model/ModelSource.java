package org.sparklora.pipeline.model;

import java.io.Serializable;
import java.nio.file.Path;

/**
 * A model (or an adapter) that was found: travels to executors, each of which reads it from a local
 * folder. Equal sources have equal files.
 *
 * <p>Immutable and thread-safe, serialisable with Java's serialiser.
 */
public sealed interface ModelSource extends Serializable
    permits LocalFolder, HadoopFolder, HubSnapshot {

  /** Which of a model's files are wanted. */
  enum Part {
    /** Configuration, tokenizer and chat template. */
    TEXT,
    /** The same and the weights. */
    WHOLE
  }

  /** What the user called it. */
  String name();

  /**
   * A folder of the machine that this JVM runs on with the files; they are fetched first where they
   * are not there yet, which may take as long as copying them does.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if they changed or went since they were
   *     found, or there is no room for them
   */
  Path folder();

  /**
   * Checks that the folder's files are those that were found. Fetched copies are checked when they
   * are fetched; files that are read where they are may be others on another machine, or by now.
   *
   * @throws org.sparklora.pipeline.config.ConfigException if they are others
   */
  default void requireUnchanged() {}
}
