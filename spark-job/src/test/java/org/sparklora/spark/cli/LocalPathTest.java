package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.LocalPath;

/** Names of places on this machine's disk. */
class LocalPathTest {
  @RegisterExtension final Captured err = Captured.err();

  private static Path path(String name) {
    List<String> flags = List.of("--runs", "run", "--output_dir", name);
    return LocalPath.of(CommandLine.parse("report", flags).settings(), Flags.OUTPUT_DIR);
  }

  @ParameterizedTest
  @CsvSource({
    "out,            out",
    "/tmp/a b,       /tmp/a b",
    "file:/tmp/out,  /tmp/out",
    "file:///tmp/a b, /tmp/a b",
    "a:b,            a:b"
  })
  void aPathAndAFileUriNameTheSamePlace(String name, String path) {
    assertThat(path(name)).isEqualTo(Path.of(path));
  }

  @ParameterizedTest
  @ValueSource(strings = {"hdfs:///reports", "hdfs://host:9000/reports", "s3a://bucket/reports"})
  void anotherFileSystemIsNoFolderHere(String name) {
    assertThatThrownBy(() -> path(name))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("output_dir = " + name)
        .hasMessageContaining("this machine's disk alone");
  }

  @Test
  void aReportOnAnotherFileSystemIsRefused() {
    assertThat(Main.run("report", "no-run", "--output_dir", "hdfs://host/reports")).isNotZero();
    assertThat(err.text()).contains("this machine's disk alone");
  }
}
