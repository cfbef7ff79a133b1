package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SparingLocalFileSystemTest {
  @TempDir Path folder;

  @Test
  void permissionsAreSetOnlyWhereTheyDiffer() throws IOException {
    try (FileSystem files = files()) {
      assertThat(files).isInstanceOf(LocalFileSystem.class);
      Path file = Files.createFile(folder.resolve("file"));
      var path = new org.apache.hadoop.fs.Path(file.toUri());
      files.setPermission(path, new FsPermission("640"));
      assertThat(mode(file)).isEqualTo(0640);
      assertThat(files.getFileStatus(path).getPermission()).isEqualTo(new FsPermission("640"));

      Object changed = Files.getAttribute(file, "unix:ctime"); // chmod sets it in any case
      files.setPermission(path, new FsPermission("640"));
      assertThat(Files.getAttribute(file, "unix:ctime")).isEqualTo(changed);

      files.setPermission(new org.apache.hadoop.fs.Path(folder.toUri()), new FsPermission("1770"));
      assertThat(mode(folder)).isEqualTo(01770);
      files.setPermission(new org.apache.hadoop.fs.Path(folder.toUri()), new FsPermission("770"));
      assertThat(mode(folder)).isEqualTo(0770);
    }
  }

  @Test
  void aMissingFileIsRefused() throws IOException {
    try (FileSystem files = files()) {
      var missing = new org.apache.hadoop.fs.Path(folder.resolve("missing").toUri());
      assertThatThrownBy(() -> files.setPermission(missing, new FsPermission("640")))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("missing");
    }
  }

  private static FileSystem files() throws IOException {
    Configuration configuration = new Configuration();
    configuration.setClass("fs.file.impl", SparingLocalFileSystem.class, FileSystem.class);
    return FileSystem.newInstance(URI.create("file:///"), configuration);
  }

  private static int mode(Path file) throws IOException {
    return (int) Files.getAttribute(file, "unix:mode") & 07777;
  }
}
