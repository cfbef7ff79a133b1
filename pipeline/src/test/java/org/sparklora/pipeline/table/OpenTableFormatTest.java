package org.sparklora.pipeline.table;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenTableFormatTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir private java.nio.file.Path folder;

  private void refuse(String name) throws IOException {
    Path path = new Path(folder.resolve(name).toString());
    OpenTableFormat.refuseAtOrAbove(path.getFileSystem(HADOOP), path);
  }

  @ParameterizedTest
  @CsvSource({
    "_delta_log/00000000000000000000.json, Delta Lake, delta",
    "metadata/00000-8a1f.metadata.json, Iceberg, iceberg",
    "metadata/version-hint.text, Iceberg, iceberg",
    ".hoodie/hoodie.properties, Hudi, hudi"
  })
  void aTableIsRefusedAndSoAreFoldersInIt(String log, String title, String format)
      throws IOException {
    Files.createDirectories(folder.resolve("table/day=1"));
    Files.createDirectories(folder.resolve("table").resolve(log).getParent());
    Files.writeString(folder.resolve("table").resolve(log), "{}");
    for (String name : List.of("table", "table/day=1")) {
      assertThatThrownBy(() -> refuse(name))
          .isInstanceOf(TableException.class)
          .hasMessageContaining("/table as Parquet: it is a table of " + title)
          .hasMessageContaining("format(\"%s\")".formatted(format));
    }
    assertThatThrownBy(() -> OpenTableFormat.refuse("a/b", List.of("README.md", "t/" + log)))
        .hasMessageContaining("table of " + title);
    assertThatThrownBy(
            () -> FileList.parquet(HADOOP, folder.resolve("table").toString(), "t", "prep"))
        .hasMessageContaining("table of " + title);
  }

  /** The local disk as a bucket whose policy shows the user's folder alone: S3A reports so. */
  private static final class Denying extends RawLocalFileSystem {
    private final String shown;

    Denying(String shown) {
      this.shown = shown;
    }

    private Path permitted(Path path) throws AccessDeniedException {
      if (!path.toUri().getPath().startsWith(shown)) {
        throw new AccessDeniedException(path.toString(), null, "Forbidden");
      }
      return path;
    }

    @Override
    public FileStatus getFileStatus(Path path) throws IOException {
      return super.getFileStatus(permitted(path));
    }

    @Override
    public FileStatus[] listStatus(Path path) throws IOException {
      return super.listStatus(permitted(path));
    }
  }

  @Test
  void foldersAboveThatMayNotBeReadAreNoTables() throws IOException {
    java.nio.file.Path table = Files.createDirectories(folder.resolve("mine/table"));
    try (Denying store = new Denying(folder.resolve("mine").toString())) {
      store.initialize(URI.create("file:///"), HADOOP);
      assertThat(OpenTableFormat.atOrAbove(store, new Path(table.toString()))).isEmpty();
    }
  }

  @Test
  void aFolderThatIsCalledMetadataIsNoIcebergTable() throws IOException {
    Files.createDirectories(folder.resolve("plain/metadata"));
    Files.writeString(folder.resolve("plain/metadata/authors.json"), "[]");
    refuse("plain");
    OpenTableFormat.refuse("a/b", List.of("metadata/authors.json", "data/x.parquet"));
    assertThat(folder.resolve("plain")).exists();
  }
}
