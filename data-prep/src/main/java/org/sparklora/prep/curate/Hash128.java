package org.sparklora.prep.curate;

import java.nio.ByteBuffer;
import org.sparklora.pipeline.table.Sha256;

/** The first 128 bits of SHA-256: no two texts that differ are taken for equal. */
record Hash128(long high, long low) {

  static Hash128 of(byte[] bytes) {
    ByteBuffer digest = ByteBuffer.wrap(Sha256.digest().digest(bytes));
    return new Hash128(digest.getLong(), digest.getLong());
  }
}
