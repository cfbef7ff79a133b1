package org.sparklora.spark.generate;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;

class GenerateConfigTest {
  private static List<String> places(String model, String adapter) {
    List<String> flags = List.of("--model_name_or_path", model, "--adapter", adapter);
    return GenerateConfig.Model.of(CommandLine.parse("generate", flags).settings()).places();
  }

  /** Hadoop's default file system, which would refuse a name with a colon, has no part in this. */
  @Test
  void modelsWithoutASchemeLieOnThisMachinesDisk() {
    String here = "file://" + Path.of("").toAbsolutePath();
    assertThat(places("org/model:2", "./adapters/it"))
        .containsExactly(here + "/org/model:2", here + "/adapters/it");
    assertThat(places("hdfs://node/base", "file:///adapters/it"))
        .containsExactly("hdfs://node/base", "file:///adapters/it");
  }
}
