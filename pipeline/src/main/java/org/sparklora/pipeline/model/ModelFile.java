package org.sparklora.pipeline.model;

import java.io.Serializable;

/**
 * A file of a model on a Hadoop file system, as it was when the model was looked for.
 *
 * @param version of its content, as its file system tells
 * @param crc32c of its bytes, in hexadecimal; empty before anybody has read them
 */
record ModelFile(String name, long bytes, String version, String crc32c) implements Serializable {

  boolean isRead() {
    return !crc32c.isEmpty();
  }

  ModelFile read(String checksum) {
    return new ModelFile(name, bytes, version, checksum);
  }
}
