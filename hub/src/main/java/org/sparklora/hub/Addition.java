package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;
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

  private static final Pattern HIDDEN = Pattern.compile("(^|/)[._]");

  /** Whether the repository's object {@code oid} has this file's contents. */
  boolean is(String oid, boolean large) throws IOException {
    return oid.equals(large ? sha256 : ContentHash.like(oid, file).orElse(sha256));
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
    for (Path top : files(folder, 1)) { // a folder that is not pushed may be unreadable
      String name = top.getFileName().toString();
      if (top.equals(folder) || HIDDEN.matcher(name).find() || !wanted.test(name)) {
        continue;
      }
      for (Path file : files(top, Integer.MAX_VALUE)) {
        String path = folder.relativize(file).toString().replace('\\', '/');
        if (Files.isRegularFile(file) && !HIDDEN.matcher(path).find()) {
          additions.add(new Addition(path, file, Files.size(file), ContentHash.sha256(file)));
        }
      }
    }
    return additions;
  }

  private static List<Path> files(Path folder, int depth) throws IOException {
    try (Stream<Path> files = Files.walk(folder, depth)) {
      return files.sorted().toList();
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
  }
}
