package org.sparklora.pipeline.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelSource.Part;

class ModelSourceTest {
  @TempDir Path scratch;
  private Path model;
  private Path staging;

  @BeforeEach
  void writeAModel() throws IOException {
    model = Files.createDirectories(scratch.resolve("models/tiny"));
    staging = scratch.resolve("staging");
    write("config.json", "{}");
    write("tokenizer.json", "{\"a\": 1}");
    write("chat_template.jinja", "{{ messages }}");
    write("merges.txt", "a b");
    write("model.safetensors", "weights");
    write("pytorch_model.bin", "the same in another format");
    write("README.md", "a model");
    Files.createDirectories(model.resolve("original.json"));
  }

  private void write(String name, String text) throws IOException {
    Files.writeString(model.resolve(name), text);
  }

  private ModelReference reference() {
    return new ModelReference(
        "model_name_or_path", OtherFileSystem.name(model), "", staging.toString());
  }

  private ModelSource locate(Part part) {
    return reference().locate(OtherFileSystem.configuration(), part);
  }

  @Test
  void aStageThatOthersCouldWriteToIsRefusedWithTheRemedy() throws IOException {
    Path stage = locate(Part.WHOLE).folder().getParent();
    assertThat(Files.getPosixFilePermissions(stage))
        .isEqualTo(PosixFilePermissions.fromString("rwx------"));

    Files.setPosixFilePermissions(stage, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> locate(Part.WHOLE))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("other users can write to " + stage)
        .hasMessageContaining("--staging_dir");
  }

  private static ModelReference staged(String folder) {
    List<String> flags = List.of("--model_name_or_path", "a/b", "--staging_dir", folder);
    return ModelReference.of(CommandLine.parse("sft", flags).settings());
  }

  @Test
  void theStageMayBeNamedByAUriOfThisMachinesDisk() {
    assertThat(staged("file://" + staging).stagingDir()).isEqualTo(staging.toString());
    assertThatThrownBy(() -> staged("hdfs://node/models"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("staging_dir = hdfs://node/models");
  }

  private static List<String> visible(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> !name.startsWith("."))
          .sorted()
          .toList();
    }
  }

  /** What another JVM would have: an equal source that nothing was staged for yet. */
  private static ModelSource travelled(ModelSource source) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(source);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (ModelSource) in.readObject();
    }
  }

  /**
   * As the first use in a JVM of another machine: nothing is remembered, the stage is looked at.
   */
  private static Path stagedAnew(ModelSource source) throws Exception {
    HadoopFolder found = (HadoopFolder) travelled(source);
    Stage stage = new Stage(found.reference(), found.uri(), found.files());
    stage.fill(OtherFileSystem.configuration());
    return stage.folder();
  }

  @Test
  void localFoldersAreReadWhereTheyAre() {
    for (String name : List.of(model.toString(), "file://" + model, "file:" + model)) {
      ModelSource source =
          ModelReference.of(name).locate(OtherFileSystem.configuration(), Part.WHOLE);
      assertThat(source.folder()).isEqualTo(model);
      assertThat(source.name()).isEqualTo(name);
    }
    assertThat(ModelReference.of("./some/model").folder())
        .isEqualTo(Path.of("some/model").toAbsolutePath());
    assertThat(ModelReference.of("C:/models/tiny").folder())
        .isEqualTo(Path.of("C:/models/tiny").toAbsolutePath());
  }

  private ModelSource locateHere() {
    return ModelReference.of(model.toString()).locate(OtherFileSystem.configuration(), Part.WHOLE);
  }

  /** What a process keeps in memory of a model, it keeps by such a source. */
  @Test
  void aLocalFolderWithOtherWeightsIsAnotherSource() throws Exception {
    Path weights = model.resolve("model.safetensors");
    FileTime modified = Files.getLastModifiedTime(weights);
    ModelSource before = locateHere();
    assertThat(travelled(locateHere())).isEqualTo(before).hasSameHashCodeAs(before);
    ModelSource adapter =
        new ModelReference("adapter", model.toString(), "", "")
            .locate(OtherFileSystem.configuration(), Part.WHOLE);

    write("model.safetensors", "wrights");
    Files.setLastModifiedTime(weights, modified);
    assertThat(locateHere()).isNotEqualTo(before);
    assertThatThrownBy(before::requireUnchanged)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("its files are not those that the driver found");
    assertThatThrownBy(adapter::requireUnchanged)
        .hasMessageContaining("Cannot use adapter = " + model);
    locateHere().requireUnchanged();
  }

  @Test
  void aLocalFolderWithAnotherNamedTemplateIsAnotherSource() throws IOException {
    Files.createDirectories(model.resolve("additional_chat_templates"));
    write("additional_chat_templates/tool_use.jinja", "{{ tools }}");
    ModelSource before = locateHere();
    assertThat(locateHere()).isEqualTo(before);
    write("additional_chat_templates/tool_use.jinja", "{{ fools }}");
    assertThat(locateHere()).isNotEqualTo(before);
  }

  /** The scratch folder of a long session may lose its files. */
  @Test
  void aStageThatWasDeletedIsFilledAgain() throws IOException {
    ModelSource source = locate(Part.WHOLE);
    Files.move(source.folder(), scratch.resolve("deleted"));
    assertThat(source.folder().resolve("model.safetensors")).hasContent("weights");
  }

  @Test
  void foldersOfOtherFileSystemsAreStagedWithWhatMakesAModel() throws Exception {
    Files.createDirectories(model.resolve("additional_chat_templates"));
    write("additional_chat_templates/tool_use.jinja", "{{ tools }}");
    write("additional_chat_templates/notes.txt", "notes");
    Path folder = locate(Part.WHOLE).folder();
    assertThat(visible(folder.resolve("additional_chat_templates")))
        .containsExactly("tool_use.jinja");
    assertThat(stagedAnew(locate(Part.WHOLE))).isEqualTo(folder);
    assertThat(folder).startsWith(staging).hasFileName("tiny");
    assertThat(visible(folder))
        .containsExactly(
            "additional_chat_templates",
            "chat_template.jinja",
            "config.json",
            "merges.txt",
            "model.safetensors",
            "tokenizer.json");
    assertThat(folder.resolve("model.safetensors")).hasContent("weights");
    assertThat(visible(locate(Part.TEXT).folder())).doesNotContain("model.safetensors");
  }

  @Test
  void shardsAreThoseOfTheIndexAndAdaptersHaveTheirs() throws Exception {
    Files.delete(model.resolve("model.safetensors"));
    write("one.safetensors", "1");
    write("two.safetensors", "2");
    write("consolidated.safetensors", "both");
    write("adapter_model.safetensors", "adapter");
    write(
        "model.safetensors.index.json",
        "{\"weight_map\": {\"a\": \"one.safetensors\", \"b\": \"two.safetensors\", \"c\": \"one.safetensors\"}}");
    assertThat(visible(locate(Part.WHOLE).folder()))
        .contains("one.safetensors", "two.safetensors", "adapter_model.safetensors")
        .doesNotContain("consolidated.safetensors");
    Files.delete(model.resolve("two.safetensors"));
    assertThatThrownBy(() -> locate(Part.WHOLE))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("names two.safetensors, which is not there");
  }

  @Test
  void travelsAndIsEqualAndKeepsSecretsOutOfLogs() throws Exception {
    ModelSource source = locate(Part.WHOLE);
    assertThat(travelled(source)).isEqualTo(source).hasSameHashCodeAs(source);
    assertThat(source.toString()).doesNotContain("not to be shown").contains("tiny");
    assertThat(travelled(source).folder()).isEqualTo(source.folder());
  }

  @Test
  void anotherJvmUsesTheStageAgainAndReplacesWhatIsDamaged() throws Exception {
    ModelSource source = locate(Part.WHOLE);
    Path weights = source.folder().resolve("model.safetensors");
    FileTime copied = FileTime.fromMillis(1_000_000);
    Files.setLastModifiedTime(weights, copied);

    assertThat(stagedAnew(source)).isEqualTo(source.folder());
    assertThat(Files.getLastModifiedTime(weights)).as("not copied again").isEqualTo(copied);

    Files.writeString(weights, "wrights"); // as long as before
    stagedAnew(source);
    assertThat(weights).hasContent("weights");
    Files.writeString(weights, "weig"); // cut
    assertThat(locate(Part.WHOLE).folder().resolve("model.safetensors")).hasContent("weights");
  }

  @Test
  void halfCopiesOfAKilledRunAreNotTakenForFiles() throws Exception {
    Path folder = locate(Part.WHOLE).folder();
    Files.delete(folder.resolve("model.safetensors"));
    Files.writeString(folder.resolve(".model.safetensors.part"), "wei");
    assertThat(locate(Part.WHOLE).folder().resolve("model.safetensors")).hasContent("weights");
  }

  @Test
  void aChangedModelIsAnotherStage() throws Exception {
    Path before = locate(Part.WHOLE).folder();
    write("model.safetensors", "better weights");
    Path after = locate(Part.WHOLE).folder();
    assertThat(after).isNotEqualTo(before);
    assertThat(after.resolve("model.safetensors")).hasContent("better weights");
    assertThat(before.resolve("model.safetensors")).hasContent("weights");
  }

  @Test
  void aFileThatChangesOrGoesDuringTheRunIsNamed() throws Exception {
    ModelSource source = locate(Part.WHOLE);
    Files.delete(source.folder().resolve("model.safetensors")); // as on a machine without a stage
    FileTime modified = Files.getLastModifiedTime(model.resolve("model.safetensors"));

    write("model.safetensors", "other weights");
    assertThatThrownBy(() -> stagedAnew(source))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("model.safetensors changed since the run began");

    write("model.safetensors", "wrights");
    Files.setLastModifiedTime(model.resolve("model.safetensors"), modified); // only the bytes tell
    assertThatThrownBy(() -> stagedAnew(source))
        .hasMessageContaining("model.safetensors changed since the run began");
    assertThat(source.folder().resolve("model.safetensors")).doesNotExist();

    Files.delete(model.resolve("model.safetensors"));
    assertThatThrownBy(() -> stagedAnew(source))
        .hasMessageContaining("model.safetensors is gone since the run began");
  }

  @Test
  void aFolderThatIsNotThereIsRefusedByName() {
    ModelReference absent =
        new ModelReference("adapter", OtherFileSystem.name(scratch.resolve("absent")), "", "");
    assertThatThrownBy(() -> absent.locate(OtherFileSystem.configuration(), Part.WHOLE))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("adapter = other:")
        .hasMessageContaining("there is no such folder");
  }

  @Test
  void manyThreadsShareOneStage() throws Exception {
    ModelSource source = locate(Part.WHOLE);
    Files.delete(source.folder().resolve("model.safetensors"));
    var threads = Executors.newFixedThreadPool(8);
    try {
      Callable<Path> stage = () -> stagedAnew(source);
      List<Future<Path>> folders =
          threads.invokeAll(IntStream.range(0, 8).mapToObj(i -> stage).toList());
      for (Future<Path> folder : folders) {
        assertThat(folder.get().resolve("model.safetensors").toFile()).hasContent("weights");
      }
    } finally {
      threads.shutdown();
    }
  }
}
