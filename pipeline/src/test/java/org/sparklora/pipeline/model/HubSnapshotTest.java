package org.sparklora.pipeline.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.hub.loopback.LoopbackEnvironment;
import org.sparklora.hub.loopback.LoopbackRepo;
import org.sparklora.pipeline.model.ModelSource.Part;

class HubSnapshotTest {
  private static final String ID = "qwen/sharded";

  @TempDir Path folder;
  private LoopbackEnvironment environment;
  private LoopbackRepo remote;

  @BeforeEach
  void start() throws IOException {
    environment = LoopbackEnvironment.start(folder);
    remote =
        environment
            .hub()
            .model(ID)
            .put("config.json", "{}")
            .put("tokenizer.json", "{}")
            .put("chat_template.jinja", "{{ messages }}")
            .put("additional_chat_templates/tool_use.jinja", "{{ tools }}")
            .put("generation_config.json", "{}")
            .put("README.md", "a card")
            .put("pytorch_model.bin", "pickles")
            .put("consolidated.safetensors", "the same in another format")
            .put("original/model.safetensors", "the same once more")
            .put("first-of-two.safetensors", "one")
            .put("second-of-two.safetensors", "two")
            .put(
                "model.safetensors.index.json",
                "{\"weight_map\": {\"a\": \"first-of-two.safetensors\", \"b\": \"second-of-two.safetensors\"}}");
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private static ModelSource locate(String name, String revision, Part part) {
    return new ModelReference("model_name_or_path", name, revision, "")
        .locate(new Configuration(), part);
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void fetchesWhatMakesAModelAndNothingElse() throws IOException {
    ModelSource text = locate(ID, "", Part.TEXT);
    assertThat(names(text.folder()))
        .containsExactly(
            "additional_chat_templates",
            "chat_template.jinja",
            "config.json",
            "generation_config.json",
            "model.safetensors.index.json",
            "tokenizer.json");
    assertThat(text.folder().resolve("additional_chat_templates/tool_use.jinja"))
        .hasContent("{{ tools }}");
    ModelSource whole = locate(ID, "", Part.WHOLE);
    assertThat(names(whole.folder()))
        .contains("first-of-two.safetensors", "second-of-two.safetensors")
        .doesNotContain("pytorch_model.bin", "consolidated.safetensors", "original", "README.md");
    assertThat(whole.name()).isEqualTo(ID);
  }

  @Test
  void executorsReadTheCommitThatTheDriverFound() throws Exception {
    ModelSource found = locate(ID, "", Part.WHOLE);
    remote.put("config.json", "{\"changed\": 1}");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(found);
    }
    assertThat(bytes.toString(StandardCharsets.ISO_8859_1))
        .doesNotContain(LoopbackEnvironment.TOKEN);
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      ModelSource read = (ModelSource) in.readObject();
      assertThat(read).isEqualTo(found);
      assertThat(read.folder().resolve("config.json")).hasContent("{}");
    }
  }

  @Test
  void revisionsAreFlagsOrPartsOfTheName() {
    remote.branch("v1").put("config.json", "{\"v\": 2}");
    assertThat(locate(ID, "v1", Part.TEXT).folder().resolve("config.json")).hasContent("{}");
    assertThat(locate(ID + "@v1", "", Part.TEXT).folder().resolve("config.json")).hasContent("{}");
    assertThat(locate(ID, "", Part.TEXT).folder().resolve("config.json")).hasContent("{\"v\": 2}");
    assertThatThrownBy(() -> locate(ID + "@v1", "v2", Part.TEXT))
        .hasMessageContaining("Cannot use revision v2 of qwen/sharded@v1");
  }

  @Test
  void aLocalFolderWins() {
    // the module's own sources: a relative path of two parts, as names of repositories are
    ModelSource local = locate("src/main", "", Part.TEXT);
    assertThat(local.folder()).isEqualTo(Path.of("src/main").toAbsolutePath());
    assertThat(environment.hub().faults().requests()).isEmpty();
  }

  @Test
  void needsNoNetworkOnceItIsThere() {
    Path online = locate(ID, "", Part.WHOLE).folder();
    environment.hub().faults().clear();
    environment.offline(true);
    assertThat(locate(ID, "", Part.WHOLE).folder()).isEqualTo(online);
    assertThat(environment.hub().faults().requests()).isEmpty();
    assertThatThrownBy(() -> locate("qwen/other", "", Part.TEXT))
        .hasMessageContaining("HF_HUB_OFFLINE");
  }

  /** The cache as transformers fills it: without files that it does not read. */
  @Test
  void offlineOnlyFilesThatAreReadAreNeeded() throws IOException {
    remote.put("params.json", "{}").put("preprocessor_config.json", "{}").put("vocab.json", "{}");
    Path cached = locate(ID, "", Part.WHOLE).folder();
    assertThat(names(cached))
        .contains("vocab.json")
        .doesNotContain("params.json", "preprocessor_config.json");
    Files.delete(cached.resolve("vocab.json"));
    environment.offline(true);
    assertThat(locate(ID, "", Part.TEXT).folder()).isEqualTo(cached);
    new ModelReference("model_name_or_path", ID, "", "").outline(new Configuration()).close();
  }

  /** Users may empty the cache while a session lives. */
  @Test
  void fetchesAgainWhatWasDeletedFromTheCache() throws IOException {
    ModelSource source = locate(ID, "", Part.TEXT);
    Files.move(environment.cache(), folder.resolve("deleted"));
    assertThat(source.folder().resolve("config.json")).hasContent("{}");
  }

  @Test
  void takesAdapters() throws IOException {
    environment
        .hub()
        .model("ada/adapter")
        .put("adapter_config.json", "{}")
        .put("adapter_model.safetensors", "weights")
        .put("optimizer.pt", "x");
    assertThat(names(locate("ada/adapter", "", Part.WHOLE).folder()))
        .containsExactly("adapter_config.json", "adapter_model.safetensors");
  }

  @Test
  void refusesModelsOfOtherFormats() {
    environment.hub().model("old/pickles").put("config.json", "{}").put("pytorch_model.bin", "x");
    assertThatThrownBy(() -> locate("old/pickles", "", Part.WHOLE))
        .hasMessageContaining("Cannot use model_name_or_path = old/pickles")
        .hasMessageContaining("no weights in safetensors");
    ModelReference teacher =
        new ModelReference("teacher_model_name_or_path", "old/pickles", "", "");
    assertThatThrownBy(() -> teacher.locate(new Configuration(), Part.WHOLE))
        .hasMessageContaining("Cannot use teacher_model_name_or_path = old/pickles");
  }

  @Test
  void saysThatThereIsNeitherRepositoryNorFolder() {
    assertThatThrownBy(() -> locate("qwen/none", "", Part.TEXT))
        .hasMessageContaining("Cannot find model qwen/none at " + environment.hub().endpoint())
        .hasMessageContaining("no folder of that name");
  }
}
