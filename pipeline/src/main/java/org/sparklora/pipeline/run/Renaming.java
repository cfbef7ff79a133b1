package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Renames a file or folder or throws, where Hadoop's rename would return false.
 *
 * <p>An {@link ObjectStore} renames a folder file by file. There a marker holds both paths during
 * the rename, beside the hidden one of the two folders, so that the next run can {@link #finish}
 * the rename of a killed run.
 */
final class Renaming {
  /** Suffix of a marker's name, after the hidden folder's name. */
  static final String MARKER = ".moving";

  private Renaming() {}

  static void rename(FileSystem fileSystem, Path from, Path to) throws IOException {
    Path hidden = to.getName().startsWith(".") && !from.getName().startsWith(".") ? to : from;
    boolean marked = ObjectStore.is(fileSystem) && fileSystem.getFileStatus(from).isDirectory();
    if (marked) {
      try (OutputStream out = fileSystem.create(hidden.suffix(MARKER), true)) {
        out.write("%s\n%s\n".formatted(from, to).getBytes(StandardCharsets.UTF_8));
      }
    }
    boolean renamed = fileSystem.rename(from, to);
    if (marked) {
      fileSystem.delete(hidden.suffix(MARKER), false);
    }
    if (!renamed) {
      throw new IOException("renaming %s to %s was refused".formatted(from, to));
    }
  }

  /** Whether a rename from or to a hidden folder began and did not end. */
  static boolean isBegun(FileSystem fileSystem, Path hidden) throws IOException {
    return fileSystem.exists(hidden.suffix(MARKER));
  }

  /** Finishes renames that killed runs began, of hidden folders whose names begin so. */
  static void finish(FileSystem fileSystem, Path folder, String hidden) throws IOException {
    for (FileStatus file : fileSystem.listStatus(folder)) {
      String name = file.getPath().getName();
      if (name.startsWith(hidden) && name.endsWith(MARKER)) {
        String moved = new FolderContents(fileSystem, folder).text(name).orElse("");
        List<String> paths = moved.lines().toList();
        if (paths.size() == 2 && fileSystem.exists(new Path(paths.get(0)))) {
          move(fileSystem, new Path(paths.get(0)), new Path(paths.get(1)));
        }
        fileSystem.delete(file.getPath(), false);
      }
    }
  }

  /** Moves the remaining files: a store deletes a file only when its copy is complete. */
  private static void move(FileSystem fileSystem, Path from, Path to) throws IOException {
    fileSystem.mkdirs(to);
    for (FileStatus file : fileSystem.listStatus(from)) {
      Path target = new Path(to, file.getPath().getName());
      if (file.isDirectory()) {
        move(fileSystem, file.getPath(), target);
      } else {
        fileSystem.delete(target, false);
        rename(fileSystem, file.getPath(), target);
      }
    }
    fileSystem.delete(from, true);
  }
}
