package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;

class PathSettingsTest {
  private static void require(String flag, String path) {
    PathSettings.require(CommandLine.parse("sft", List.of(flag, path)).settings());
  }

  /** Folders beside it, such as a run's table, would be other buckets. */
  @ParameterizedTest
  @ValueSource(strings = {"s3a://bucket", "s3a://bucket/", "hdfs://node:8020//", "file:///", "/"})
  void noRunIsWrittenToARoot(String root) {
    for (String flag : List.of("--output_dir", "--packed_dir")) {
      assertThatThrownBy(() -> require(flag, root))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("it is the root of a file system; name a folder in it");
    }
  }

  @Test
  void aFolderInARootIsWrittenToAndARootIsRead() {
    require("--output_dir", "file:///runs");
    require("--output_dir", "/runs/");
    require("--dataset_name", "file:///");
  }
}
