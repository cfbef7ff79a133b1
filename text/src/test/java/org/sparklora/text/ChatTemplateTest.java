package org.sparklora.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ChatTemplateTest {
  @ParameterizedTest
  @ValueSource(strings = {"qwen3", "smollm2", "tiny", "gemma3", "mistral"})
  void rendersWhatTransformersRenders(String name) throws IOException {
    ChatTemplate template = ChatTemplate.load(folder(name)).orElseThrow();
    for (JsonNode row : GoldenTokenizers.rows("conversations.jsonl.gz")) {
      if (row.has(name)) {
        assertRenders(template, row, row.get(name));
      } else {
        assertThatThrownBy(
                () -> template.render(conversation(row), ChatTemplate.Options.training()))
            .hasMessageContaining("Conversation roles must alternate");
      }
    }
  }

  static void assertRenders(ChatTemplate template, JsonNode row, JsonNode expected) {
    Conversation conversation = conversation(row);
    String text = template.render(conversation, ChatTemplate.Options.training()).text();
    assertThat(text).as("conversation %s", row.get("id")).isEqualTo(expected.get("text").asText());
    String prompt =
        expected.has("gen_text")
            ? expected.get("gen_text").asText()
            : text + expected.get("gen_suffix").asText();
    assertThat(template.render(conversation, ChatTemplate.Options.prompt()).text())
        .isEqualTo(prompt);
    if (expected.has("nothink_gen_text")) {
      var options = new ChatTemplate.Options(true, Map.of("enable_thinking", false));
      assertThat(template.render(conversation, options).text())
          .isEqualTo(expected.get("nothink_gen_text").asText());
    }
  }

  @Test
  void aMessageWithoutContentHasNone() {
    String source = "{{ messages[0].content is defined }}|{{ messages[0] | tojson }}";
    assertThat(rendered(source, Map.of("role", "a"))).isEqualTo("False|{\"role\": \"a\"}");
    assertThat(rendered(source, Map.of("role", "a", "content", "")))
        .isEqualTo("True|{\"role\": \"a\", \"content\": \"\"}");
  }

  @Test
  void fieldsOfAMessageKeepTheirOrder() {
    Map<String, Object> message = new LinkedHashMap<>();
    for (String name : List.of("role", "content", "tool_call_id", "name", "b", "a")) {
      message.put(name, name);
    }
    assertThat(rendered("{{ messages[0] | join(' ') }}", message))
        .isEqualTo("role content tool_call_id name b a");
    message.put("reasoning", "hm"); // as transformers 5.24 orders it and its other names
    assertThat(rendered("{{ messages[0] | join(' ') }}", message))
        .isEqualTo("thinking role content tool_call_id name b a reasoning reasoning_content");
  }

  private static String rendered(String source, Map<String, Object> message) {
    Conversation conversation = new Conversation(List.of(Message.ofFields(message)), Map.of());
    return ChatTemplate.of(source, Map.of(), "of a test")
        .render(conversation, ChatTemplate.Options.training())
        .text();
  }

  @Test
  void aFileOfItsOwnWinsOverTheTokenizersConfig(@TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{\"chat_template\": \"config\", \"bos_token\": {\"content\": \"<s>\"}}");
    assertThat(text(folder)).isEqualTo("config");
    Files.writeString(folder.resolve("chat_template.jinja"), "{{ bos_token }}file");
    assertThat(text(folder)).isEqualTo("<s>file");
  }

  /** As transformers 5.24 renders it: a template's tokens are the tokenizer's. */
  @ParameterizedTest
  @CsvSource({"'', <|im_end|>", "'\"added_tokens_decoder\": {}, ', <|endoftext|>"})
  void anOlderMapOfSpecialTokensWinsUnlessTheConfigListsAddedTokens(
      String added, String expected, @TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{%s\"eos_token\": \"<|endoftext|>\", \"chat_template\": \"{{ eos_token }}\"}"
            .formatted(added));
    Files.writeString(folder.resolve("special_tokens_map.json"), "{\"eos_token\": \"<|im_end|>\"}");
    assertThat(text(folder)).isEqualTo(expected);
  }

  /**
   * Transformers 5.24 reads it so: the object is an AddedToken only in the map, or with its type.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "\"image_token\": \"<x>\", ; {}; <x>",
        "\"extra_special_tokens\": {\"image_token\": \"<x>\"}, ; {}; <x>",
        "\"extra_special_tokens\": [\"<x>\"], ; {}; ''",
        "\"image_token\": {\"content\": \"<x>\"}, ; {}; ''",
        "\"image_token\": {\"__type\": \"AddedToken\", \"content\": \"<x>\"}, ; {}; <x>",
        "''; {\"image_token\": {\"content\": \"<x>\"}}; <x>",
        "\"image_token\": \"<y>\", ; {\"image_token\": \"<x>\"}; <x>",
      })
  void aTemplateSeesTheNamesThatAModelGivesItsTokens(
      String config, String map, String expected, @TempDir Path folder) throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        "{%s\"chat_template\": \"[{{ image_token }}]\"}".formatted(config));
    Files.writeString(folder.resolve("special_tokens_map.json"), map);
    assertThat(text(folder)).isEqualTo("[" + expected + "]");
  }

  @Test
  void ofSeveralNamedTemplatesTheDefaultIsTakenOrTheOneForTools(@TempDir Path folder)
      throws IOException {
    Files.writeString(
        folder.resolve("tokenizer_config.json"),
        """
        {"chat_template": [{"name": "tool_use", "template": "tools"}, {"name": "default", "template": "plain"}]}""");
    assertThat(text(folder)).isEqualTo("plain");
    Conversation withTools =
        new Conversation(List.of(Message.of("user", "x")), Map.of("tools", List.of()));
    ChatTemplate template = ChatTemplate.load(folder).orElseThrow();
    assertThat(template.render(withTools, ChatTemplate.Options.training()).text())
        .isEqualTo("tools");
  }

  @Test
  void aFileForToolsIsTakenForConversationsWithTools(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("chat_template.jinja"), "plain");
    Path tools = folder.resolve("additional_chat_templates/tool_use.jinja");
    Files.createDirectory(tools.getParent());
    Files.writeString(tools, "tools");
    assertThat(text(folder)).isEqualTo("plain");
    Conversation withTools =
        new Conversation(List.of(Message.of("user", "x")), Map.of("tools", List.of()));
    ChatTemplate template = ChatTemplate.load(folder).orElseThrow();
    assertThat(template.render(withTools, ChatTemplate.Options.training()).text())
        .isEqualTo("tools");
  }

  @Test
  void aFolderWithoutTemplateIsNotAnError(@TempDir Path folder) {
    assertThat(ChatTemplate.load(folder)).isEmpty();
  }

  @Test
  void nullFieldsAreLeftOutAndOldNamesOfReasoningAreUnderstood() {
    ChatTemplate template =
        ChatTemplate.of(
            "{{ messages[0].reasoning_content }}|{{ messages[0].tool_calls is defined }}",
            Map.of(),
            "of a test");
    Map<String, Object> extra = new java.util.HashMap<>();
    extra.put("thinking", "hm");
    extra.put("tool_calls", null);
    var conversation = new Conversation(List.of(new Message("assistant", "x", extra)), Map.of());
    assertThat(template.render(conversation, ChatTemplate.Options.training()).text())
        .isEqualTo("hm|False");
  }

  @Test
  void saysThatTheTemplateRefusesAndWhy() {
    ChatTemplate template =
        ChatTemplate.of("\n{{ raise_exception('roles must alternate') }}", Map.of(), "of a test");
    assertThatThrownBy(
            () ->
                template.render(
                    new Conversation(List.of(Message.of("user", "x")), Map.of()),
                    ChatTemplate.Options.training()))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessage(
            "The chat template of a test refuses the conversation, line 2: roles must alternate");
  }

  @Test
  void aFileThatIsNoTextIsToldByItsName(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("chat_template.jinja");
    Files.write(file, new byte[] {'a', 'b', (byte) 0xE9, 'c'});
    assertThatThrownBy(() -> ChatTemplate.load(folder))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("not UTF-8 at byte 2");
    Files.writeString(file, " \n");
    assertThatThrownBy(() -> ChatTemplate.load(folder))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("empty");
    Files.write(file, new byte[5 << 20]);
    assertThatThrownBy(() -> ChatTemplate.load(folder)).hasMessageContaining("5,242,880 bytes");
    Files.delete(file);
    Files.createDirectory(file);
    assertThatThrownBy(() -> ChatTemplate.load(folder))
        .hasMessageContaining(file.toString())
        .hasMessageContaining("not a file");
  }

  @Test
  void whatFailsInATemplateIsToldByFileAndKey(@TempDir Path folder) throws IOException {
    Path config = folder.resolve("tokenizer_config.json");
    Files.writeString(config, "{\"chat_template\": \"{{ 'a' * 30000000 }}\"}");
    Conversation conversation = new Conversation(List.of(Message.of("user", "x\ud800")), Map.of());
    assertThatThrownBy(
            () ->
                ChatTemplate.load(folder)
                    .orElseThrow()
                    .render(conversation, ChatTemplate.Options.training()))
        .hasMessageContaining("chat_template of " + config)
        .hasMessageContaining("30,000,000")
        .hasMessageContaining("16,000,000 are allowed");
    Files.writeString(config, "{\"chat_template\": \"a\\ud800\"}");
    assertThatThrownBy(
            () ->
                ChatTemplate.load(folder)
                    .orElseThrow()
                    .render(conversation, ChatTemplate.Options.training()))
        .hasMessageContaining("chat_template of " + config)
        .hasMessageContaining("half of a surrogate pair");
    Files.writeString(config, "{\"chat_template\": \"\"}");
    assertThatThrownBy(
            () ->
                ChatTemplate.load(folder)
                    .orElseThrow()
                    .render(conversation, ChatTemplate.Options.training()))
        .hasMessageContaining("chat_template of " + config)
        .hasMessageContaining("empty");
  }

  @Test
  void saysWhereATemplateIsMalformed() {
    assertThatThrownBy(() -> ChatTemplate.of("a\nb\n{% if x %}", Map.of(), "of a test"))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("line 3")
        .hasMessageContaining("endif");
  }

  private static String text(Path folder) {
    return ChatTemplate.load(folder)
        .orElseThrow()
        .render(
            new Conversation(List.of(Message.of("user", "x")), Map.of()),
            ChatTemplate.Options.training())
        .text();
  }

  static Path folder(String name) {
    return Path.of("src/test/resources/text/templates", name);
  }

  static Conversation conversation(JsonNode row) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : row.get("messages")) {
      Map<String, Object> extra =
          GoldenTokenizers.JSON.convertValue(message, new TypeReference<>() {});
      extra.remove("role");
      extra.remove("content");
      messages.add(
          new Message(message.get("role").asText(), message.path("content").asText(), extra));
    }
    return new Conversation(messages, Map.of());
  }
}
