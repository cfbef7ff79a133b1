package org.sparklora.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.sparklora.text.ChatTemplateTest.conversation;
import static org.sparklora.text.ChatTemplateTest.folder;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.text.jinja.Rendering;

/** Templates for {@code assistant_only_loss}, which mark what the assistant writes. */
class TrainingTwinTest {
  private static final String MARKED =
      "{% for m in messages %}{{ m.role }}:{% generation %}{{ m.content }}{% endgeneration %};{% endfor %}";

  @Test
  void aKnownTemplateHasATrainingTwinThatKeepsEveryTurnsReasoning() throws IOException {
    ChatTemplate twin =
        ChatTemplate.load(folder("qwen3")).orElseThrow().forAssistantOnlyLoss().orElseThrow();
    Rendering rendered =
        twin.render(
            new Conversation(
                List.of(
                    Message.of("user", "q1"),
                    Message.of("assistant", "<think>\nr1\n</think>\n\na1"),
                    Message.of("user", "q2"),
                    Message.of("assistant", "a2")),
                Map.of()),
            ChatTemplate.Options.training());

    assertThat(rendered.text())
        .isEqualTo(
            """
            <|im_start|>user
            q1<|im_end|>
            <|im_start|>assistant
            <think>
            r1
            </think>

            a1<|im_end|>
            <|im_start|>user
            q2<|im_end|>
            <|im_start|>assistant
            <think>

            </think>

            a2<|im_end|>
            """);
    assertThat(
            rendered.generated().stream().map(s -> rendered.text().substring(s.start(), s.end())))
        .containsExactly(
            "<think>\nr1\n</think>\n\na1<|im_end|>\n", "<think>\n\n</think>\n\na2<|im_end|>\n");
  }

  @Test
  void gemma3sTrainingTwinRendersTheSameTextAndMarksWholeAnswers() throws IOException {
    ChatTemplate twin =
        ChatTemplate.load(folder("gemma3")).orElseThrow().forAssistantOnlyLoss().orElseThrow();
    for (JsonNode row : GoldenTokenizers.rows("conversations.jsonl.gz")) {
      if (row.has("gemma3")) {
        Conversation conversation = conversation(row);
        Rendering rendered = twin.render(conversation, ChatTemplate.Options.training());
        assertThat(rendered.text()).isEqualTo(row.at("/gemma3/text").asText());
        List<String> answers =
            conversation.messages().stream()
                .filter(message -> message.role().equals("assistant"))
                .map(message -> message.content().strip() + "<end_of_turn>\n")
                .toList();
        assertThat(rendered.generated())
            .extracting(span -> rendered.text().substring(span.start(), span.end()))
            .isEqualTo(answers);
      }
    }
  }

  @Test
  void qwen32507sTrainingTwinRendersTheSameTextAndMarksWholeAnswers() throws IOException {
    ChatTemplate template = ChatTemplate.load(folder("qwen3_2507")).orElseThrow();
    ChatTemplate twin = template.forAssistantOnlyLoss().orElseThrow();
    Map<String, Object> call = Map.of("function", Map.of("name", "f", "arguments", Map.of("a", 1)));
    Conversation conversation =
        new Conversation(
            List.of(
                Message.of("system", "s"),
                Message.of("user", "q"),
                new Message("assistant", "b\n", Map.of("tool_calls", List.of(call))),
                Message.of("tool", "1"),
                Message.of("assistant", "a")),
            Map.of("tools", List.of(Map.of("name", "f"))));

    Rendering rendered = twin.render(conversation, ChatTemplate.Options.prompt());

    assertThat(rendered.text())
        .isEqualTo(template.render(conversation, ChatTemplate.Options.prompt()).text());
    assertThat(rendered.generated())
        .extracting(span -> rendered.text().substring(span.start(), span.end()))
        .containsExactly(
            "b\n\n<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": 1}}\n</tool_call><|im_end|>\n",
            "a<|im_end|>\n");
  }

  @Test
  void gemma3sTrainingTwinReadsPartsAsTheTemplateDoes() throws IOException {
    ChatTemplate template = ChatTemplate.load(folder("gemma3")).orElseThrow();
    Conversation conversation =
        new Conversation(
            List.of(
                parts("system", "be brief"),
                parts("user", " hi ", "there"),
                parts("assistant", "y ")),
            Map.of());

    String text =
        template
            .forAssistantOnlyLoss()
            .orElseThrow()
            .render(conversation, ChatTemplate.Options.training())
            .text();

    assertThat(text)
        .endsWith(
            "<start_of_turn>user\nbe brief\n\nhithere<end_of_turn>\n<start_of_turn>model\ny<end_of_turn>\n")
        .isEqualTo(template.render(conversation, ChatTemplate.Options.training()).text());
  }

  /** TRL 1.16's templates refuse such rows, too: they add a list to a text. */
  @ParameterizedTest
  @CsvSource({
    "qwen2_5.jinja, user",
    "qwen2_5.jinja, system",
    "qwen2_5.jinja, assistant",
    "qwen3.jinja, system",
    "qwen3_2507.jinja, system"
  })
  void aTrainingTwinDoesNotWriteAListOfPartsAsText(String file, String role) throws IOException {
    ChatTemplate twin;
    try (var in = ChatTemplate.class.getResourceAsStream("training/" + file)) {
      String source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      twin = ChatTemplate.of(source, Map.of(), file);
    }
    Conversation conversation =
        new Conversation(List.of(parts(role, "hi"), Message.of("assistant", "a")), Map.of());
    assertThatThrownBy(() -> twin.render(conversation, ChatTemplate.Options.training()))
        .isInstanceOf(ChatTemplateException.class)
        .hasMessageContaining("list");
  }

  private static Message parts(String role, String... texts) {
    List<Map<String, String>> parts =
        Arrays.stream(texts).map(text -> Map.of("type", "text", "text", text)).toList();
    return Message.ofFields(Map.of("role", role, "content", parts));
  }

  @Test
  void anUnknownTemplateWithoutMarksHasNoTwin() throws IOException {
    assertThat(ChatTemplate.load(folder("smollm2")).orElseThrow().forAssistantOnlyLoss()).isEmpty();
  }

  @Test
  void aTemplateThatMarksTheAssistantIsItsOwnTwinAndSaysWhere() {
    ChatTemplate template = ChatTemplate.of(MARKED, Map.of(), "of a test");
    var rendered =
        template
            .forAssistantOnlyLoss()
            .orElseThrow()
            .render(
                new Conversation(List.of(Message.of("a", "xy"), Message.of("b", "z")), Map.of()),
                ChatTemplate.Options.training());

    assertThat(rendered.text()).isEqualTo("a:xy;b:z;");
    assertThat(rendered.generated())
        .containsExactly(new Rendering.Span(2, 4), new Rendering.Span(7, 8));
  }
}
