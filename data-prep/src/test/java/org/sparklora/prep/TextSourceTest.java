package org.sparklora.prep;

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
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.OtherFileSystem;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Conversation;
import org.sparklora.text.Message;

class TextSourceTest {
  @TempDir Path scratch;
  private Path model;
  private final Configuration hadoop = OtherFileSystem.configuration();

  @BeforeEach
  void writeAModelWithoutTokenizer() throws IOException {
    model = folder("model", "own {{ messages[0].content }}");
    hadoop.set("fs.defaultFS", OtherFileSystem.name(Path.of("/")));
  }

  private Path folder(String name, String template) throws IOException {
    Path folder = Files.createDirectories(scratch.resolve(name));
    Files.writeString(folder.resolve("chat_template.jinja"), template);
    return folder;
  }

  private TextSource locate(String templatePath) {
    ModelReference reference =
        new ModelReference(
            "model_name_or_path", model.toString(), "", scratch.resolve("staging").toString());
    return TextSource.locate(hadoop, new PrepConfig.Model(reference, templatePath, ""));
  }

  /** As a task has it. */
  private static TextSource travelled(TextSource source) throws Exception {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(source);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      return (TextSource) in.readObject();
    }
  }

  private static String rendered(TextSource source) {
    return render(ModelText.load(source));
  }

  private static String render(ModelText read) {
    Conversation conversation =
        new Conversation(
            List.of(Message.ofFields(Map.of("role", "user", "content", "hello"))), Map.of());
    return read.template()
        .orElseThrow()
        .render(conversation, ChatTemplate.Options.training())
        .text();
  }

  @Test
  void withoutAGivenTemplateItIsTheModelsOwn() throws Exception {
    TextSource source = locate("");
    assertThat(travelled(source)).isEqualTo(source);
    assertThat(rendered(source)).isEqualTo("own hello");
  }

  @Test
  void aFileTravelsByItsText() throws Exception {
    Path file = scratch.resolve("other.jinja");
    Files.writeString(file, "file {{ messages[0].content }}");
    TextSource source = travelled(locate(file.toString()));
    Files.delete(file); // as on a machine that never had it
    assertThat(rendered(source)).isEqualTo("file hello");
  }

  @Test
  void fileAndFolderMayBeOfAnotherFileSystem() throws Exception {
    Path other = folder("other", "folder {{ messages[0].content }}");
    assertThat(rendered(travelled(locate(OtherFileSystem.name(other))))).isEqualTo("folder hello");
    assertThat(rendered(travelled(locate(OtherFileSystem.name(other) + "/chat_template.jinja"))))
        .isEqualTo("folder hello");
    assertThat(rendered(locate(other.toString()))).isEqualTo("folder hello");
  }

  private static String shared(TextSource source) {
    return render(ModelText.shared(source));
  }

  /** A long-lived JVM caches files by content: neither name, length nor time identify them. */
  @Test
  void filesThatWereWrittenAnewAreReadAnew() throws Exception {
    Path template = model.resolve("chat_template.jinja");
    FileTime modified = Files.getLastModifiedTime(template);
    TextSource before = locate("");
    assertThat(shared(travelled(before))).isEqualTo("own hello");
    ModelText kept = ModelText.shared(travelled(before));
    assertThat(ModelText.shared(travelled(locate("")))).as("the same files").isSameAs(kept);

    Files.writeString(template, "new {{ messages[0].content }}");
    Files.setLastModifiedTime(template, modified);
    assertThat(shared(travelled(locate("")))).isEqualTo("new hello");

    Path other = folder("other", "one {{ messages[0].content }}");
    assertThat(shared(travelled(locate(other.toString())))).isEqualTo("one hello");
    Files.writeString(other.resolve("chat_template.jinja"), "two {{ messages[0].content }}");
    assertThat(shared(travelled(locate(other.toString())))).isEqualTo("two hello");
  }

  @Test
  void aTaskThatFindsOtherFilesThanTheDriverIsRefused() throws Exception {
    TextSource source = travelled(locate(""));
    Files.writeString(model.resolve("chat_template.jinja"), "new {{ messages[0].content }}");
    assertThatThrownBy(() -> ModelText.shared(source))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("its files are not those that the driver found");
  }

  @Test
  void whatReplacesTheModelsOwnIsSaved() throws IOException {
    Path saved = folder("saved", "own");
    Path config = Files.writeString(saved.resolve("tokenizer_config.json"), "{\"a\": 1}");
    Path file = Files.writeString(scratch.resolve("given.jinja"), "given {{ messages }}\n");
    ModelReference reference = ModelReference.of(model.toString());
    PrepConfig.GivenText given =
        PrepConfig.GivenText.of(hadoop, new PrepConfig.Model(reference, file.toString(), "<end>"));
    Files.delete(file);

    PrepConfig.GivenText.of(hadoop, new PrepConfig.Model(reference, "", "")).save(saved);
    assertThat(saved.resolve("chat_template.jinja")).hasContent("own");
    assertThat(config).hasContent("{\"a\": 1}");
    given.save(saved);
    assertThat(Files.readString(saved.resolve("chat_template.jinja")))
        .isEqualTo("given {{ messages }}\n");
    assertThat(config).content().contains("\"a\": 1", "\"eos_token\": \"<end>\"");
    assertThat(saved.resolve("special_tokens_map.json")).doesNotExist();
  }

  @Test
  void whatHasNoTemplateIsRefusedByName() throws IOException {
    Path empty = Files.createDirectories(scratch.resolve("empty"));
    assertThatThrownBy(() -> rendered(locate(empty.toString())))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("chat_template_path = " + empty);
    assertThatThrownBy(() -> rendered(locate(scratch.resolve("absent.jinja").toString())))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("chat_template_path = ")
        .hasMessageContaining("absent.jinja");
  }
}
