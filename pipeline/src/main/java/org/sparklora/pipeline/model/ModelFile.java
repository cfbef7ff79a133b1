package org.sparklora.pipeline.model;

import java.io.Serializable;

/**
 * A file of a model on a Hadoop file system, as it was when the model was located.
 *
 * @param name path in the model's folder, with slashes
 * @param version the {@link org.sparklora.pipeline.run.FileStamp#version} of its content
 * @param crc32c checksum of its bytes, in hexadecimal; empty before they are read
 */
record ModelFile(String name, long bytes, String version, String crc32c) implements Serializable {

  boolean isRead() {
    return !crc32c.isEmpty();
  }

  ModelFile read(String checksum) {
    return new ModelFile(name, bytes, version, checksum);
  }
}
