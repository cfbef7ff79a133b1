package org.sparklora.pipeline.model;

import java.nio.file.Path;

/**
 * A folder that every machine has under the same path: of a machine alone, or on a shared disk.
 *
 * @param absolute the path, from the root on
 */
record LocalFolder(String name, String absolute) implements ModelSource {

  /** With the path that a name stands for, from wherever this JVM runs. */
  static LocalFolder of(String name, String path) {
    return new LocalFolder(name, Path.of(path).toAbsolutePath().normalize().toString());
  }

  @Override
  public Path folder() {
    return Path.of(absolute);
  }
}
