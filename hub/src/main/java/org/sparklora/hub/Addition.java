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
 * A local file to be committed to a repository.
 *
 * @param path of the file in the repository
 * @param file the local file
 */
record Addition(String path, Path file, long bytes, String sha256) {
  /** Length of a file's beginning, by which the hub tells text from binary data. */
  private static final int SAMPLE_BYTES = 512;

  /** Whether the repository's object {@code oid} has this file's contents. */
  boolean is(String oid, boolean large) throws IOException {
    Optional<ContentHash> hash = large ? Optional.empty() : ContentHash.of(oid, bytes);
    if (hash.isEmpty()) {
      return oid.equals(sha256);
    }
    hash.get().add(file);
    return hash.get().matches();
  }

  /** The beginning of the file, for the hub's choice of storage. */
  byte[] sample() throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      return in.readNBytes(SAMPLE_BYTES);
    }
  }

  /** The files of a folder that {@code wanted} accepts; see {@link HubUpload#push}. */
  static List<Addition> all(Path folder, Predicate<String> wanted) throws IOException {
    List<Addition> additions = new ArrayList<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
        Path relative = folder.relativize(file);
        if (!isHidden(relative) && wanted.test(relative.getName(0).toString())) {
          String path = relative.toString().replace('\\', '/');
          additions.add(new Addition(path, file, Files.size(file), ContentHash.sha256(file)));
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
