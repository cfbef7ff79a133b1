package org.sparklora.hub;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * A file of a repository at a commit.
 *
 * @param path relative to the repository's root, with slashes
 * @param bytes size of the file
 * @param blobId Git object id of the file
 * @param sha256 SHA-256 of the contents, if the hub stores the file as a large file
 */
public record HubFile(String path, long bytes, String blobId, Optional<String> sha256) {
  private static final Pattern DRIVE = Pattern.compile("^[A-Za-z]:");

  /** The hash by which the hub, and the cache, name the contents. */
  String etag() {
    return sha256.orElse(blobId);
  }

  /** The file's name without folders. */
  public String name() {
    return path.substring(path.lastIndexOf('/') + 1);
  }

  /** Whether the file is in the repository's root folder. */
  public boolean isAtRoot() {
    return path.indexOf('/') < 0;
  }

  /**
   * Whether the path stays inside of the cache's folder under the rules of every operating system,
   * since the server may run on another one.
   */
  boolean isInside() {
    return !path.isEmpty()
        && path.length() < 1024
        && PlainText.isPlain(path)
        && path.indexOf('\\') < 0
        && !DRIVE.matcher(path).find()
        && Arrays.stream(path.split("/", -1)).allMatch(HubFile::isSafeName);
  }

  private static boolean isSafeName(String part) {
    return !part.isEmpty()
        && !part.equals(".")
        && !part.equals("..")
        && !part.toLowerCase(Locale.ROOT).equals(".git")
        && part.length() <= 255;
  }
}
