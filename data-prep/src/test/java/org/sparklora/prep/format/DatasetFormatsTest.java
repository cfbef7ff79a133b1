package org.sparklora.prep.format;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.prep.format.DatasetFormats.ColumnMapping;
import org.sparklora.prep.format.DatasetFormats.Loss;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.text.Message;

class DatasetFormatsTest {
  private static final List<Map<String, Object>> HELLO =
      List.of(
          Map.of("role", "user", "content", "Hi"),
          Map.of("role", "assistant", "content", "Hello!"));

  private static final List<Message> SAID =
      List.of(Message.of("user", "Hi"), Message.of("assistant", "Hello!"));

  private static Example.Chat chat(List<Message> messages) {
    return new Example.Chat(List.of(), messages, Map.of());
  }

  private static Example example(Map<String, Object> row) {
    return format(row, false, Loss.AS_FORMAT_SAYS).example(row);
  }

  private static DatasetFormat format(Map<String, Object> row, boolean useSystemColumn, Loss loss) {
    return new DatasetFormats(ColumnMapping.USUAL, useSystemColumn, loss).recognise(row);
  }

  private static Map<String, Object> said(String from, String value) {
    return Map.of("from", from, "value", value);
  }

  @Test
  void tulusMessagesWithoutTheirOtherColumns() {
    Map<String, Object> row = Map.of("id", "x", "source", "y", "messages", HELLO);
    assertThat(example(row)).isEqualTo(chat(SAID));
    assertThat(format(row, false, Loss.AS_FORMAT_SAYS).columns()).doesNotContain("id", "source");
  }

  @Test
  void openThoughtsConversationsWithAndWithoutTheSystemColumn() {
    Map<String, Object> row =
        Map.of(
            "system",
            "Think.",
            "conversations",
            List.of(said("user", "Hi"), said("assistant", "Hello!")));
    assertThat(example(row)).isEqualTo(chat(SAID));
    Example.Chat kept = (Example.Chat) format(row, true, Loss.AS_FORMAT_SAYS).example(row);
    assertThat(kept.completion()).hasSize(3).first().isEqualTo(Message.of("system", "Think."));
  }

  @Test
  void aMistypedColumnIsAnsweredWithTheNearestThatIsMissing() {
    assertThatThrownBy(() -> example(Map.of("promt", "a", "completion", "b")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("promt: did you mean prompt? Understood are");
    assertThatThrownBy(() -> example(Map.of("text", 1, "texts", "a")))
        .hasMessageNotContaining("did you mean");
  }

  /** TRL refuses these columns for models of text. */
  @Test
  void imagesAreRefused() {
    for (String column : List.of("image", "images")) {
      Map<String, Object> row = Map.of("messages", HELLO, column, Map.of("path", "a.png"));
      assertThatThrownBy(() -> example(row))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("column %s has images".formatted(column));
    }
  }

  /** TRL reads {@code conversations} as messages, and takes these two columns nevertheless. */
  @Test
  void promptAndCompletionStandBeforeConversations() {
    Map<String, Object> row =
        Map.of("conversations", List.of(said("human", "Hi")), "prompt", "1+1=", "completion", "2");
    assertThat(example(row)).isEqualTo(new Example.Text(Optional.of("1+1="), "2"));
  }

  @Test
  void shareGptsSpeakersBecomeUserAndAssistant() {
    Map<String, Object> row =
        Map.of("conversations", List.of(said("human", "Hi"), said("gpt", "Hello!")));
    assertThat(example(row)).isEqualTo(chat(SAID));
  }

  @Test
  void keysFromAndValueOfAMessageWithRoleAndContentAreKept() {
    Map<String, Object> named =
        Map.of("role", "user", "content", "Hi", "from", "alice", "value", "5 stars");
    assertThat(example(Map.of("messages", List.of(named))))
        .isEqualTo(chat(List.of(Message.ofFields(named))));
    Map<String, Object> unnamed = new HashMap<>(said("human", "Hi"));
    unnamed.put("role", null);
    unnamed.put("content", null);
    assertThat(example(Map.of("conversations", List.of(unnamed))))
        .isEqualTo(chat(SAID.subList(0, 1)));
  }

  @Test
  void absentEntriesOfStructsAreLeftOut() {
    Map<String, Object> message = new HashMap<>(Map.of("role", "user", "content", "Hi"));
    message.put("tool_calls", null);
    assertThat(example(Map.of("messages", List.of(message)))).isEqualTo(chat(SAID.subList(0, 1)));
  }

  @Test
  void toolsAndTemplateArgumentsReachTheTemplate() {
    Map<String, Object> row =
        Map.of(
            "messages",
            HELLO,
            "tools",
            "[{\"name\": \"add\"}]",
            "chat_template_kwargs",
            Map.of("enable_thinking", false));
    assertThat(((Example.Chat) example(row)).variables())
        .isEqualTo(Map.of("tools", List.of(Map.of("name", "add")), "enable_thinking", false));
  }

  @Test
  void nullsInJsonTextAreMeantAndThoseInStructsAreNot() {
    Map<String, Object> tool = new HashMap<>(Map.of("name", "add"));
    tool.put("default", null);
    Map<String, Object> mark = new HashMap<>();
    mark.put("mark", null);
    String json = "{\"name\": \"add\", \"default\": null}";

    assertThat(variables("[" + json + "]", "{\"mark\": null}"))
        .containsEntry("tools", List.of(tool))
        .containsEntry("mark", null);
    assertThat(variables(List.of(json), Map.of())).containsEntry("tools", List.of(tool));
    assertThat(variables(List.of(tool), mark))
        .isEqualTo(Map.of("tools", List.of(Map.of("name", "add"))));
    assertThat(variables(" ", " ")).isEmpty();
    assertThat(variables("null", "null")).isEmpty();
  }

  @Test
  void anEmptyListOfToolsReachesTheTemplateAsInTrl() {
    assertThat(variables(List.of(), "")).isEqualTo(Map.of("tools", List.of()));
    assertThat(variables("[]", "")).isEqualTo(Map.of("tools", List.of()));
  }

  /** Python's json module writes and reads it. */
  @Test
  void jsonTextMayHaveNaN() {
    assertThat(variables("[{\"default\": NaN}]", Map.of()))
        .containsEntry("tools", List.of(Map.of("default", Double.NaN)));
  }

  private static Map<String, Object> variables(Object tools, Object arguments) {
    Map<String, Object> row =
        Map.of("messages", HELLO, "tools", tools, "chat_template_kwargs", arguments);
    return ((Example.Chat) example(row)).variables();
  }

  @Test
  void toolsAndTemplateArgumentsOfAnotherShapeAreBadRows() {
    DatasetFormat messages = format(Map.of("messages", HELLO), false, Loss.AS_FORMAT_SAYS);
    for (Object tools : List.of("{\"name\": \"add\"}", Map.of("name", "add"), List.of("5"))) {
      assertBad(messages, Map.of("messages", HELLO, "tools", tools), "not a list of tools");
    }
    assertBad(
        messages,
        Map.of("messages", HELLO, "tools", List.of("search")),
        "column tools is text but no JSON");
    assertBad(
        messages,
        Map.of("messages", HELLO, "chat_template_kwargs", "[1]"),
        "column chat_template_kwargs is a list ([1]) and not a map of variables");
  }

  @Test
  void messagesAsJsonTextInACsv() {
    Map<String, Object> row =
        Map.of(
            "messages",
            "[{\"role\":\"user\",\"content\":\"Hi\"},{\"role\":\"assistant\",\"content\":\"Hello!\"}]");
    assertThat(example(row)).isEqualTo(chat(SAID));
  }

  @Test
  void promptAndCompletionInBothForms() {
    assertThat(example(Map.of("prompt", "1+1=", "completion", "2")))
        .isEqualTo(new Example.Text(Optional.of("1+1="), "2"));
    assertThat(example(Map.of("prompt", HELLO.subList(0, 1), "completion", HELLO.subList(1, 2))))
        .isEqualTo(new Example.Chat(SAID.subList(0, 1), SAID.subList(1, 2), Map.of()));
    assertThat(example(Map.of("prompt", "Hi", "messages", HELLO)))
        .as("no_robots")
        .isEqualTo(chat(SAID));
  }

  @Test
  void gsm8kIsAQuestionToTheUser() {
    Map<String, Object> row = Map.of("question", "Hi", "answer", "Hello!");
    assertThat(example(row)).isEqualTo(chat(SAID));
    assertThat(format(row, false, Loss.COMPLETION).example(row))
        .isEqualTo(new Example.Chat(SAID.subList(0, 1), SAID.subList(1, 2), Map.of()));
  }

  @Test
  void openR1TakesTheFirstVerifiedGeneration() {
    Map<String, Object> row = new HashMap<>(Map.of("problem", "Hi", "solution", "by hand"));
    assertThat(answer(row)).isEqualTo("by hand");
    row.put("generations", List.of("first", "Hello!"));
    assertThat(answer(row)).isEqualTo("first");
    row.put("correctness_math_verify", List.of(false, true));
    assertThat(answer(row)).isEqualTo("Hello!");
    row.put("correctness_math_verify", List.of(false, false));
    assertThat(answer(row)).isEqualTo("first");
    row.put("messages", HELLO);
    assertThat(answer(row)).as("its messages column, as TRL does").isEqualTo("Hello!");
  }

  @Test
  void deepMathTakesTheFirstSolutionThatIsThere() {
    Map<String, Object> row =
        new HashMap<>(Map.of("question", "Hi", "final_answer", "7", "r1_solution_2", "second"));
    row.put("r1_solution_1", null);
    assertThat(answer(row)).isEqualTo("second");
  }

  private static Object answer(Map<String, Object> row) {
    return ((Example.Chat) example(row)).completion().get(1).content();
  }

  @Test
  void tokensWithLabelsOrMasks() {
    List<Integer> ids = List.of(5, 6, 7);
    assertThat(labels(Map.of("input_ids", ids), Loss.AS_FORMAT_SAYS)).containsExactly(5, 6, 7);
    assertThat(
            labels(Map.of("input_ids", ids, "labels", List.of(-100, 6L, 8)), Loss.AS_FORMAT_SAYS))
        .containsExactly(-100, 6, 8);
    Map<String, Object> masked = Map.of("input_ids", ids, "completion_mask", List.of(0, 1, 1));
    assertThat(labels(masked, Loss.AS_FORMAT_SAYS))
        .as("TRL uses the mask of rows without prompt and completion only when it is told to")
        .containsExactly(5, 6, 7);
    assertThat(labels(masked, Loss.COMPLETION)).containsExactly(-100, 6, 7);
    assertThat(labels(masked, Loss.EVERY_TOKEN)).containsExactly(5, 6, 7);
    Map<String, Object> parts = new HashMap<>(masked);
    parts.put("prompt", "a");
    assertThat(labels(parts, Loss.AS_FORMAT_SAYS)).containsExactly(5, 6, 7);
    parts.put("completion", "b");
    assertThat(labels(parts, Loss.AS_FORMAT_SAYS)).containsExactly(-100, 6, 7);
    assertThat(labels(parts, Loss.EVERY_TOKEN)).containsExactly(5, 6, 7);
    Map<String, Object> both =
        Map.of(
            "input_ids",
            ids,
            "completion_mask",
            List.of(0, 1, 1),
            "assistant_masks",
            List.of(true, true, false));
    assertThat(labels(both, Loss.COMPLETION)).containsExactly(-100, 6, -100);
  }

  private static int[] labels(Map<String, Object> row, Loss loss) {
    return ((TokenizedDocument) format(row, false, loss).example(row)).labels();
  }

  @Test
  void mappedColumnsWinAndMustBeThere() {
    Map<String, Object> row = Map.of("instruction", "Hi", "output", "Hello!", "text", "whole");
    ColumnMapping mapping = new ColumnMapping("text", "messages", "instruction", "output");
    DatasetFormats formats = new DatasetFormats(mapping, false, Loss.AS_FORMAT_SAYS);
    assertThat(formats.recognise(row).example(row))
        .isEqualTo(new Example.Text(Optional.of("Hi"), "Hello!"));
    assertThatThrownBy(() -> formats.recognise(Map.of("text", "whole")))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("prompt_column = instruction")
        .hasMessageContaining("{text=text}");
  }

  @Test
  void rowsThatDoNotFitSayWhichColumnAndWhatIsInIt() {
    DatasetFormat messages = format(Map.of("messages", HELLO), false, Loss.AS_FORMAT_SAYS);
    assertBad(messages, Map.of(), "column messages is missing and not a list of messages");
    assertBad(messages, Map.of("messages", List.of()), "column messages holds no message");
    assertBad(
        messages,
        Map.of("messages", List.of(Map.of("content", "x"))),
        "column messages[0].role is missing");
    assertBad(messages, Map.of("messages", 5), "column messages is a number (5)");
    DatasetFormat tokens = format(Map.of("input_ids", List.of(1)), false, Loss.AS_FORMAT_SAYS);
    assertBad(
        tokens,
        Map.of("input_ids", Arrays.asList(1, null)),
        "column input_ids[1] is missing and not an integer");
    assertBad(
        tokens,
        Map.of("input_ids", List.of(1, 2), "labels", List.of(1)),
        "labels has 1 entries for 2 input_ids");
  }

  private static void assertBad(DatasetFormat format, Map<String, Object> row, String message) {
    assertThatThrownBy(() -> format.example(row))
        .isInstanceOf(BadRowException.class)
        .hasMessageContaining(message);
  }
}
