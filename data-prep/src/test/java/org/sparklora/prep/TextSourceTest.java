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
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.OtherFileSystem;
import org.sparklora.prep.format.Example;
import org.sparklora.prep.format.Problem;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;
import org.sparklora.prep.tokenize.ExampleTokenizer;
import org.sparklora.prep.tokenize.PromptTokenizer;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Conversation;
import org.sparklora.text.Message;
import org.sparklora.text.TokenizerDialect;

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
    return TextSource.locate(hadoop, PrepConfigs.model(reference, templatePath, ""));
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
        PrepConfig.GivenText.of(hadoop, PrepConfigs.model(reference, file.toString(), "<end>"));
    Files.delete(file);

    PrepConfig.GivenText.of(hadoop, PrepConfigs.model(reference, "", "")).save(saved);
    assertThat(saved.resolve("chat_template.jinja")).hasContent("own");
    assertThat(config).hasContent("{\"a\": 1}");
    given.save(saved);
    assertThat(Files.readString(saved.resolve("chat_template.jinja")))
        .isEqualTo("given {{ messages }}\n");
    assertThat(config).content().contains("\"a\": 1", "\"eos_token\": \"<end>\"");
    assertThat(saved.resolve("special_tokens_map.json")).doesNotExist();
  }

  @Test
  void theEndTokensIdIsSavedWithAWholeModel() throws IOException {
    Path tiny = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    PrepConfig.Model settings =
        PrepConfigs.model(ModelReference.of(tiny.toString()), "", "<|pad|>");
    PrepConfig.GivenText given = PrepConfig.GivenText.of(hadoop, settings);
    Path saved = folder("saved", "own");
    given.save(saved);
    assertThat(saved.resolve("config.json")).as("of an adapter").doesNotExist();

    Path config = Files.writeString(saved.resolve("config.json"), "{\"eos_token_id\": 2}");
    given.save(saved);
    assertThat(config).content().contains("\"eos_token_id\": 3");
    assertThat(saved.resolve("chat_template.jinja")).hasContent("own");
  }

  /** In TRL the template sees the tokenizer's {@code eos_token}, which the setting replaces. */
  @Test
  void theTemplateSeesTheGivenEndToken() throws IOException {
    Path tiny = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    Files.writeString(
        tiny.resolve("chat_template.jinja"), "{{ messages[0].content }}{{ eos_token }}");
    PrepConfig usual = PrepConfigs.packed(tiny.toString(), "", "");
    PrepConfig config =
        new PrepConfig(
            usual.source(),
            PrepConfigs.model(usual.model().reference(), "", "<|pad|>"),
            usual.maxLength(),
            usual.truncation(),
            usual.packing(),
            usual.loss(),
            false,
            "",
            false);
    TextSource source = TextSource.locate(hadoop, config.model());
    Example chat = new Example.Chat(List.of(), List.of(Message.of("user", "hello")), Map.of());
    int[] ids =
        PackedRows.tokenizer(ModelText.load(source), config).tokenize(chat).document().inputIds();
    assertThat(ids).endsWith(3).doesNotContain(2);
  }

  /** TRL keeps the tokens of the model's tokenizer, except for a folder's end token. */
  @Test
  void aGivenTemplateSeesTheTokenizersTokens() throws IOException {
    Path tiny = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    Files.writeString(tiny.resolve("special_tokens_map.json"), "{\"unk_token\": \"<|pad|>\"}");
    String template = "{{ bos_token }}{{ unk_token }}{{ eos_token }}";
    Path other = folder("other", template);
    String tokens = "{\"bos_token\": \"<o>\", \"eos_token\": \"<e>\"}";
    Files.writeString(other.resolve("tokenizer_config.json"), tokens);
    Path file = Files.writeString(scratch.resolve("given.jinja"), template);
    model = tiny;
    assertThat(rendered(locate(other.toString()))).isEqualTo("<|im_start|><|pad|><e>");
    assertThat(rendered(locate(file.toString()))).isEqualTo("<|im_start|><|pad|><|im_end|>");
  }

  /** GPT2Tokenizer, which AutoTokenizer chooses, names tokens that the checkpoint leaves out. */
  @Test
  void theTemplateSeesTheTokensThatTheTokenizersClassNames() throws IOException {
    Path tiny = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    Files.writeString(
        tiny.resolve("tokenizer_config.json"), "{\"tokenizer_class\": \"GPT2Tokenizer\"}");
    Files.writeString(tiny.resolve("chat_template.jinja"), "{{ bos_token }}");
    ModelReference reference = ModelReference.of(tiny.toString());
    var settings = new PrepConfig.Model(reference, "", "", TokenizerDialect.TRANSFORMERS, Map.of());
    assertThat(rendered(TextSource.locate(hadoop, settings))).isEqualTo("<|endoftext|>");
  }

  /** Gemma 3 1B's tokenizer has one id more than the model. */
  @Test
  void textsWithIdsThatTheModelLacksAreBadRows() throws IOException {
    Path tiny = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    Files.writeString(tiny.resolve("config.json"), "{\"vocab_size\": 3}");
    PrepConfig config = PrepConfigs.packed(tiny.toString(), "", "");
    TextSource source = TextSource.locate(hadoop, config.model());
    ModelText text = ModelText.load(source);
    ExampleTokenizer examples = PackedRows.tokenizer(text, config);
    PromptTokenizer prompts =
        new PromptTokenizer(
            text.tokenizer().orElseThrow(), Optional.empty(), Map.of(), Optional.empty(), 3);
    assertBeyond(() -> examples.tokenize(new Example.Text(Optional.empty(), "<|pad|>")));
    Problem problem = new Problem(new Problem.Text("<|pad|>", false), Optional.empty(), Map.of());
    assertBeyond(() -> prompts.tokenize(problem));
  }

  private static void assertBeyond(ThrowingCallable tokenizing) {
    assertThatThrownBy(tokenizing)
        .isInstanceOfSatisfying(
            BadRowException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.TOKEN_ID_BEYOND_VOCABULARY))
        .hasMessageContaining("is 3, and the model has the ids 0 to 2");
  }

  @Test
  void aFolderWithSpecialTokensThatTheModelLacksIsRefused() throws IOException {
    Path tiny = Fixtures.tokenizer("tiny", scratch).orElseThrow();
    Path other = folder("other", "<|turn|>{{ messages[0].content }}<|over|>");
    Files.writeString(
        other.resolve("tokenizer.json"),
        """
        {"added_tokens": [
          {"content": "<|turn|>", "special": true}, {"content": "<|over|>", "special": true},
          {"content": "<|im_end|>", "special": true}, {"content": "plain", "special": false}]}
        """);
    TextSource source =
        TextSource.locate(
            hadoop, PrepConfigs.model(ModelReference.of(tiny.toString()), other.toString(), ""));
    assertThatThrownBy(() -> ModelText.load(source))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("chat_template_path = " + other)
        .hasMessageContaining("the special tokens [<|turn|>, <|over|>], which");
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
