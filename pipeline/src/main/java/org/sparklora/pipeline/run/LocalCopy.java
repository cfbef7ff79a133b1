package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklora.pipeline.run.ScratchFolder;

/** A folder of any file system as a local one, to map its files: itself, or a temporary copy. */
final class LocalCopy implements AutoCloseable {
  private final Configuration hadoop;
  private final Path folder;
  private final boolean copied;

  private LocalCopy(Configuration hadoop, Path folder, boolean copied) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.copied = copied;
  }

  static LocalCopy of(Configuration hadoop, org.apache.hadoop.fs.Path folder) throws IOException {
    if ("file".equals(folder.toUri().getScheme())) {
      return new LocalCopy(hadoop, Path.of(folder.toUri().getPath()), false);
    }
    Path parent = ScratchFolder.create("copy");
    Path local = parent.resolve(folder.getName());
    folder
        .getFileSystem(hadoop)
        .copyToLocalFile(folder, new org.apache.hadoop.fs.Path(local.toUri()));
    return new LocalCopy(hadoop, local, true);
  }

  Path folder() {
    return folder;
  }

  @Override
  public void close() throws IOException {
    if (copied) {
      FileSystem.getLocal(hadoop)
          .delete(new org.apache.hadoop.fs.Path(folder.getParent().toUri()), true);
    }
  }
}
