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
 * The hash in an ETag of the hub: SHA-256 of a large file's contents, or Git's hash of another
 * file, which is SHA-1 of {@code blob SIZE\0} and the contents. Not thread-safe.
 */
final class ContentHash {
  private final String expected;
  private final MessageDigest digest;

  private ContentHash(String expected, MessageDigest digest) {
    this.expected = expected;
    this.digest = digest;
  }

  /** The hash that checks contents against an ETag; empty if the ETag is of neither kind. */
  static Optional<ContentHash> of(String etag, long bytes) {
    if (etag.matches("[0-9a-f]{64}")) {
      return Optional.of(new ContentHash(etag, digest("SHA-256")));
    }
    if (etag.matches("[0-9a-f]{40}")) {
      ContentHash git = new ContentHash(etag, digest("SHA-1"));
      git.digest.update(("blob " + bytes + "\0").getBytes(StandardCharsets.UTF_8));
      return Optional.of(git);
    }
    return Optional.empty();
  }

  /** SHA-256 of a file, in hexadecimal digits. */
  static String sha256(Path file) throws IOException {
    ContentHash hash = new ContentHash("", digest("SHA-256"));
    hash.add(file);
    return HexFormat.of().formatHex(hash.digest.digest());
  }

  void add(Path file) throws IOException {
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      in.transferTo(OutputStream.nullOutputStream());
    }
  }

  /** Whether the added bytes have the expected hash; the object cannot be used afterwards. */
  boolean matches() {
    return HexFormat.of().formatHex(digest.digest()).equals(expected);
  }

  private static MessageDigest digest(String algorithm) {
    try {
      return MessageDigest.getInstance(algorithm);
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has " + algorithm, e);
    }
  }
}
