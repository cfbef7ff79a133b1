package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;

/** A folder of any file system as a local one, to map its files: itself, or a temporary copy. */
public record LocalCopy(Path folder, boolean copied) implements AutoCloseable {
  /** Copies what lies in a folder that is not local and has a {@code wanted} name. */
  public static LocalCopy of(
      Configuration hadoop, org.apache.hadoop.fs.Path folder, Predicate<String> wanted)
      throws IOException {
    if ("file".equals(folder.toUri().getScheme())) {
      return new LocalCopy(Path.of(folder.toUri().getPath()), false);
    }
    LocalCopy copy = new LocalCopy(ScratchFolder.create("copy").resolve(folder.getName()), true);
    try {
      Files.createDirectories(copy.folder);
      FileSystem files = folder.getFileSystem(hadoop);
      for (FileStatus entry : files.listStatus(folder)) {
        String name = entry.getPath().getName();
        if (wanted.test(name)) {
          Path local = copy.folder.resolve(name);
          files.copyToLocalFile(entry.getPath(), new org.apache.hadoop.fs.Path(local.toUri()));
        }
      }
      return copy;
    } catch (IOException | RuntimeException e) {
      copy.close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    if (copied) {
      ScratchFolder.deleteAll(folder.getParent());
    }
  }
}
