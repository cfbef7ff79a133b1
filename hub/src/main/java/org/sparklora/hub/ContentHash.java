package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.Optional;

/**
 * The hashes in ETags of the hub, in hexadecimal digits: SHA-256 of a large file's contents, or
 * Git's hash of another file, which is SHA-1 of {@code blob SIZE\0} and the contents.
 */
final class ContentHash {
  private ContentHash() {}

  /** The hash of a file of the same kind as an ETag; empty if the ETag is of neither kind. */
  static Optional<String> like(String etag, Path file) throws IOException {
    if (etag.matches("[0-9a-f]{64}")) {
      return Optional.of(sha256(file));
    }
    return etag.matches("[0-9a-f]{40}")
        ? Optional.of(hash("SHA-1", "blob " + Files.size(file) + "\0", file))
        : Optional.empty();
  }

  static String sha256(Path file) throws IOException {
    return hash("SHA-256", "", file);
  }

  private static String hash(String algorithm, String prefix, Path file) throws IOException {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      digest.update(prefix.getBytes(StandardCharsets.UTF_8));
      try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
        in.transferTo(OutputStream.nullOutputStream());
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has " + algorithm, e);
    }
  }
}
