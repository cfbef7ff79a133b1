package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * A file to be committed.
 *
 * @param path in the repository
 * @param file on this machine
 */
record Addition(String path, Path file, long bytes, String sha256) {
  /** Of a file, by which the hub tells text from data. */
  private static final int SAMPLE_BYTES = 512;

  static Addition of(Path folder, Path file) throws IOException {
    String path = folder.relativize(file).toString().replace('\\', '/');
    return new Addition(path, file, Files.size(file), ContentHash.sha256(file));
  }

  /** Whether the repository's object of that id has these contents. */
  boolean is(String oid, boolean large) throws IOException {
    Optional<ContentHash> hash = large ? Optional.empty() : ContentHash.of(oid, bytes);
    if (hash.isEmpty()) {
      return oid.equals(sha256);
    }
    hash.get().add(file);
    return hash.get().matches();
  }

  /** Its beginning. */
  byte[] sample() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(SAMPLE_BYTES);
    }
  }

  /** Those of a folder whose names {@code push} wants; see {@link HubUpload#push}. */
  static List<Addition> all(Path folder, Predicate<String> wanted) throws IOException {
    List<Addition> additions = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        Path relative = folder.relativize(file);
        if (!isHidden(relative) && wanted.test(relative.getName(0).toString())) {
          additions.add(Addition.of(folder, file));
        }
      }
    }
    return additions;
  }

  private static boolean isHidden(Path relative) {
    for (Path part : relative) {
      if (part.toString().startsWith(".") || part.toString().startsWith("_")) {
        return true;
      }
    }
    return false;
  }
}
