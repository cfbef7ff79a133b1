package org.sparklora.model.checkpoint;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Tensor;

/**
 * Tells models of the same shapes apart without reading all of them: SHA-256 over name, shape and
 * some values of each weight. These are rounded to bfloat16, so a copy in other shards, or in
 * float32 of what was bfloat16 and the other way round, has the same fingerprint.
 */
final class CheckpointFingerprint {
  /** Values at the beginning of each weight, and as many in its middle. */
  private static final int VALUES = 16;

  private static final int SHOWN_DIGITS = 32;

  private CheckpointFingerprint() {}

  /** The fingerprint, in hexadecimal. */
  static String of(CheckpointFolder checkpoint) throws IOException {
    try {
      MessageDigest hash = MessageDigest.getInstance("SHA-256");
      for (Map.Entry<String, long[]> weight :
          WeightNames.expected(checkpoint.config()).entrySet()) {
        String title = weight.getKey() + Arrays.toString(weight.getValue());
        hash.update(title.getBytes(StandardCharsets.UTF_8));
        long elements = Tensor.sizeOf(weight.getValue());
        int count = (int) Math.min(VALUES, elements);
        hash.update(rounded(checkpoint.values(weight.getKey(), 0, count)));
        hash.update(
            rounded(
                checkpoint.values(
                    weight.getKey(), Math.min(elements / 2, elements - count), count)));
      }
      return HexFormat.of().formatHex(hash.digest()).substring(0, SHOWN_DIGITS);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  private static byte[] rounded(float[] values) {
    ByteBuffer bytes = ByteBuffer.allocate(values.length * DType.BFLOAT16.bytes());
    ElementEncoding.put(values, values.length, DType.BFLOAT16, bytes);
    return bytes.array();
  }
}
