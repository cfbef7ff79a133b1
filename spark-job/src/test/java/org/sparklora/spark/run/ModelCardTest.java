package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.ParameterLayout;
import org.yaml.snakeyaml.Yaml;

class ModelCardTest {
  @TempDir private Path folder;

  private String card(String base, String name) throws IOException {
    new ModelCard(
            base,
            name,
            ParameterLayout.none(),
            "data.jsonl",
            ModelCard.Method.SFT,
            Map.of("workers", "3"))
        .write(folder);
    return Files.readString(folder.resolve("README.md"));
  }

  private static Map<String, Object> head(String card) {
    return new Yaml().load(card.split("---\n")[1]);
  }

  @Test
  void factsAreRowsOfItsTable() throws IOException {
    assertThat(card("base/model", "r64")).contains("| workers | 3 |");
    assertThat(head(card("base/model", "r64")))
        .containsEntry("base_model", "base/model")
        .containsEntry("model_name", "r64");
  }

  /** The hub refuses a card whose base model is no repository. */
  @Test
  void aBaseModelInAFolderIsNoLink() throws IOException {
    String local = "src/main"; // a folder of this module, with a name as repositories have
    for (String base : List.of(local, "/models/base", "hdfs://node/models/base")) {
      assertThat(card(base, "r64")).contains("`" + base + "`").doesNotContain("base_model");
    }
  }

  /** A folder may be called anything, and a run as well. */
  @Test
  void namesStayValuesWhateverTheyHold() throws IOException {
    String card = card("/models/it's: a #1\u001b[2J\nlicense: mit", "12");
    assertThat(head(card)).containsEntry("model_name", "12").doesNotContainKey("license");
    assertThat(card).contains("`/models/it's: a #1\uFFFD[2J license: mit`");
    assertThat(card).doesNotContain("\u001b");
    assertThat(List.of("null", "yes", "- a", "[a]"))
        .allSatisfy(name -> assertThat(head(card(name, name))).containsEntry("model_name", name));
  }
}
