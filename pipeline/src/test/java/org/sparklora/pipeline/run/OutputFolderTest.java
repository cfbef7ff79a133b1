package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;

class OutputFolderTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path parent;

  private OutputFolder create(boolean overwrite) {
    return OutputFolder.create(HADOOP, parent.resolve("out").toString(), overwrite);
  }

  private static void write(OutputFolder output, String name, String text) throws IOException {
    var file = new org.apache.hadoop.fs.Path(output.work(), name);
    try (OutputStream out = file.getFileSystem(HADOOP).create(file)) {
      out.write(text.getBytes(java.nio.charset.StandardCharsets.UTF_8));
    }
  }

  private List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void nothingIsThereUntilEverythingIs() throws IOException {
    try (OutputFolder output = create(false)) {
      write(output, "a.txt", "whole");
      assertThat(parent.resolve("out")).doesNotExist();
      output.commit();
    }
    assertThat(names(parent)).containsExactly("out");
    assertThat(names(parent.resolve("out"))).as("no checksum files").containsExactly("a.txt");
  }

  @Test
  void aRunThatFailsLeavesNothing() throws IOException {
    try (OutputFolder output = create(false)) {
      write(output, "a.txt", "half");
    }
    assertThat(names(parent)).isEmpty();
  }

  @Test
  void refusesAnotherRunsResults() throws IOException {
    Files.createDirectories(parent.resolve("out"));
    create(false).close(); // empty: nobody's results
    Files.writeString(parent.resolve("out/old.txt"), "old");
    assertThatThrownBy(() -> create(false))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("output_dir = ")
        .hasMessageContaining("--overwrite_output_dir");
    assertThat(names(parent)).containsExactly("out");
  }

  private void old(String... names) throws IOException {
    for (String name : names) {
      Path file = parent.resolve("out").resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "old");
    }
  }

  @Test
  void replacesOldResultsOnlyWhenTheNewOnesAreWhole() throws IOException {
    old("_files.json", "part-00000.parquet");
    try (OutputFolder output = create(true)) {
      write(output, "new.txt", "half");
    }
    assertThat(names(parent.resolve("out"))).containsExactly("_files.json", "part-00000.parquet");
    try (OutputFolder output = create(true)) {
      write(output, "new.txt", "whole");
      output.commit();
    }
    assertThat(names(parent.resolve("out"))).containsExactly("new.txt");
    assertThat(names(parent)).containsExactly("out");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "_prep_manifest.json train-00000-of-00002.parquet train-00001-of-00002.parquet",
        "_select_summary.json _files.json _SUCCESS part-00000-ab-c000.snappy.parquet",
        "_eval_summary.json _files.json part-00000.parquet eval_config.yaml trial.json",
        "manifest.json data/0-a/train.parquet removed/train.parquet datasets.yaml",
        "config.json model.safetensors tokenizer.json chat_template.jinja",
        "sft_config.yaml adapter_config.json adapter_model.safetensors README.md checkpoint-7/a",
        ".part-00000.parquet.crc"
      })
  void replacesWhatCommandsWrite(String files) throws IOException {
    old(files.split(" "));
    OutputFolder.requireUsable(HADOOP, parent.resolve("out").toString(), true);
  }

  @ParameterizedTest
  @CsvSource({
    "README.md src/main.py, README.md",
    "config.json model.safetensors original/params.json, original",
    "_files.json part-00000.parquet notes.txt, notes.txt",
    "sft_config.yaml README.md data/rows.jsonl .git/HEAD, .git",
    "part-00000.parquet _SUCCESS, _SUCCESS",
    "data/train.jsonl, data"
  })
  void refusesToReplaceAUsersFiles(String files, String named) throws IOException {
    old(files.split(" "));
    assertThatThrownBy(() -> create(true))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("not known to be an earlier run's (" + named);
    assertThat(names(parent)).containsExactly("out");
  }

  @Test
  void refusesAFile() throws IOException {
    Files.writeString(parent.resolve("out"), "a file");
    assertThatThrownBy(() -> create(false))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("it is a file");
  }

  private void requireApart(String folder, String read) {
    OutputFolder.requireApart(
        HADOOP,
        parent.resolve(folder).toString(),
        List.of(new org.apache.hadoop.fs.Path(parent.toUri().resolve(read))));
  }

  @Test
  void refusesToReplaceWhatIsRead() throws IOException {
    Files.createDirectories(parent.resolve("out/in"));
    Files.writeString(parent.resolve("out/in/a.jsonl"), "");
    Files.createSymbolicLink(parent.resolve("link"), parent.resolve("out"));
    for (String read : List.of("out", "out/in/a.jsonl", "link/in/a.jsonl")) {
      for (String folder : List.of(".", "out", "link")) {
        assertThatThrownBy(() -> requireApart(folder, read))
            .isInstanceOf(ConfigException.class)
            .hasMessageContaining("output_dir = ")
            .hasMessageContaining(read + ", which is read; name another folder");
      }
      requireApart("ou", read);
    }
    requireApart("out/in/b", "out/in/a.jsonl");
    requireApart("out", "nowhere://out/a.jsonl");
  }

  /** A file system of a host with a usual port. */
  public static final class Hosted extends RawLocalFileSystem {
    @Override
    public String getScheme() {
      return "hosted";
    }

    @Override
    public URI getUri() {
      return URI.create("hosted://node");
    }

    @Override
    protected int getDefaultPort() {
      return 8020;
    }
  }

  private static void requireApartOnHosts(String folder, String read) {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.hosted.impl", Hosted.class.getName());
    OutputFolder.requireApart(hadoop, folder, List.of(new org.apache.hadoop.fs.Path(read)));
  }

  @ParameterizedTest
  @CsvSource({
    "hosted://node/out, hosted://node/out/a.jsonl",
    "hosted://node/out, hosted://node:8020/out/a.jsonl",
    "hosted://node:8020/out, hosted://node/out",
    "hosted://node/out, HOSTED://Node/out/a.jsonl"
  })
  void aHostMayBeWrittenInSeveralWays(String folder, String read) {
    assertThatThrownBy(() -> requireApartOnHosts(folder, read))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(read + ", which is read");
  }

  @Test
  void theSamePathOfAnotherFileSystemIsApart() {
    for (String read : List.of("hosted://node:9000/out", "hosted://other/out", "file:/out")) {
      requireApartOnHosts("hosted://node/out", read);
    }
    requireApartOnHosts("hosted://node/out", "/out"); // on the default file system
  }

  @Test
  void aFolderThatItsFileSystemRefusesIsNamed() {
    String folder = "file://localhost/out";
    assertThatThrownBy(() -> OutputFolder.requireApart(HADOOP, folder, List.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(folder);
  }

  /** The local disk under the name {@code refusing:}, on which no in-progress folder is made. */
  public static final class Refusing extends RawLocalFileSystem {
    @Override
    public String getScheme() {
      return "refusing";
    }

    @Override
    public URI getUri() {
      return URI.create("refusing:///");
    }

    @Override
    public boolean mkdirs(org.apache.hadoop.fs.Path folder) throws IOException {
      if (folder.getName().contains(".inprogress-")) {
        throw new IOException("denied");
      }
      return super.mkdirs(folder);
    }
  }

  @Test
  void aFolderThatCannotBeMadeLeavesNoLock() throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.refusing.impl", Refusing.class.getName());
    assertThatThrownBy(
            () -> OutputFolder.create(hadoop, "refusing://" + parent.resolve("out"), false))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("denied");
    assertThat(names(parent)).isEmpty();
  }

  /** What a run leaves that is killed while it writes. */
  private void leaveOfAKilledRun(String id) throws IOException {
    Files.createDirectories(parent.resolve(".out.inprogress-%s/_part".formatted(id)));
    Files.writeString(
        parent.resolve(".out.inprogress-%s.lock".formatted(id)),
        "{\"host\":\"here\",\"space\":\"%s\",\"pid\":%d,\"process\":\"then\",\"since\":\"long ago\",\"id\":\"x\"}"
            .formatted(RunningProcess.current().space(), Long.MAX_VALUE));
  }

  @Test
  void whatAKilledRunLeftIsRemovedByTheNext() throws IOException {
    leaveOfAKilledRun("12345678");
    Files.createDirectories(parent.resolve(".out.inprogress-abcdefgh/_part")); // had no lock yet
    Files.createDirectories(parent.resolve(".outer.inprogress-12345678")); // another result's
    try (OutputFolder output = create(false)) {
      write(output, "a.txt", "whole");
      output.commit();
    }
    assertThat(names(parent)).containsExactly(".outer.inprogress-12345678", "out");
  }

  @Test
  void whatARunLeftThatWasKilledAfterItsResultsWereThereIsRemovedByWhomUsesThem()
      throws IOException {
    leaveOfAKilledRun("12345678");
    Files.createDirectories(parent.resolve("out"));
    OutputFolder.tidy(HADOOP, new org.apache.hadoop.fs.Path(parent.toString(), "out"));
    assertThat(names(parent)).containsExactly("out");
  }

  @Test
  void whatALivingRunIsWritingStays() throws IOException {
    try (OutputFolder first = create(false)) {
      write(first, "a.txt", "first");
      try (OutputFolder second = create(false)) {
        write(second, "a.txt", "second");
        second.commit();
      }
      first.replace();
    }
    assertThat(names(parent)).containsExactly("out");
    assertThat(parent.resolve("out/a.txt")).hasContent("first");
  }

  @Test
  void resultsThatAnotherRunHasFinishedMeanwhileStay() throws IOException {
    try (OutputFolder first = create(false)) {
      write(first, "a.txt", "first");
      try (OutputFolder second = create(false)) {
        write(second, "a.txt", "second");
        second.commit();
      }
      assertThatThrownBy(() -> first.commit())
          .isInstanceOf(TableException.class)
          .hasMessageContaining("another run has finished its results there meanwhile");
    }
    assertThat(parent.resolve("out/a.txt")).hasContent("second");
    List<String> names = names(parent);
    assertThat(names).hasSize(2).startsWith("out");
    assertThat(names.get(1)).matches("out-[0-9a-f]{8}");
    assertThat(parent.resolve(names.get(1)).resolve("a.txt")).hasContent("first");
  }

  @Test
  void resultsThatAKilledRunWasReplacingAreThereAgain() throws IOException {
    leaveOfAKilledRun("12345678");
    Files.createDirectories(parent.resolve(".out.replaced-12345678"));
    Files.writeString(parent.resolve(".out.replaced-12345678/a.txt"), "old");
    assertThatThrownBy(() -> create(false)).hasMessageContaining("it holds files already (a.txt)");
    assertThat(names(parent)).containsExactly("out");
    assertThat(parent.resolve("out/a.txt")).hasContent("old");
  }

  @Test
  void theWorkingDirectoryHasAName() {
    String here = Path.of("").toAbsolutePath().toUri().getPath().replaceFirst("/$", "");
    for (String folder : List.of(".", "./", "runs/..")) {
      assertThat(OutputFolder.named(folder)).isEqualTo("file:" + here);
    }
    assertThat(OutputFolder.named("..")).isEqualTo("file:" + Path.of(here).getParent());
    for (String folder : List.of("out", "runs/../out", "s3a://bucket/out", "../out")) {
      assertThat(OutputFolder.named(folder)).isEqualTo(folder);
    }
  }
}
