package org.sparklora.spark.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.train.TestModels;

class GrpoIdentityTest {
  @TempDir private Path folder;

  private static String fingerprint(Map<String, String> columns) {
    return GrpoIdentity.of(
        List.of(new Prompt(0, "1 + 1", new int[] {1, 2}, Optional.of("2"), columns)));
  }

  @Test
  void columnsThatRewardsReadArePartOfTheData() {
    assertThat(fingerprint(Map.of("level", "7")))
        .isEqualTo(fingerprint(Map.of("level", "7")))
        .isNotEqualTo(fingerprint(Map.of("level", "8")))
        .isNotEqualTo(fingerprint(Map.of()));
  }

  /** The adapter is the reference policy of a divergence, which a resumed run may add. */
  @Test
  void theAdapterThatARunStartsFromIsNamedEvenIfThereIsNone() throws IOException {
    Path model = TestModels.copy("llama-tiny", folder);
    List<String> flags = GrpoRun.tiny(model, folder.resolve("run"), "--use_peft").arguments();
    GrpoConfig config = GrpoConfig.of(CommandLine.parse("grpo", flags).settings());
    InitialParameters fresh = InitialParameters.of(new Configuration(), config);
    Path adapter = Files.createDirectory(folder.resolve("adapter"));
    AdapterFile file = new AdapterFile(adapter, (AdapterLayout) fresh.model().layout());
    InitialParameters continued =
        new InitialParameters(fresh.model(), Optional.of(file), fresh.seed());

    Files.writeString(adapter.resolve(AdapterFile.CONFIG), "{}");
    String first = adapterOf(config, continued);
    Files.writeString(adapter.resolve(AdapterFile.CONFIG), "{ }");

    assertThat(adapterOf(config, fresh)).isEqualTo("no adapter");
    assertThat(first).startsWith("an adapter with fingerprint ");
    assertThat(adapterOf(config, continued)).isNotEqualTo(first);
  }

  private static String adapterOf(GrpoConfig config, InitialParameters initial) throws IOException {
    Teacher none = new Teacher(Optional.empty());
    return GrpoIdentity.of(config, initial, none, config.rounds().sampling(), List.of())
        .fixed()
        .get("adapter_name_or_path");
  }
}
