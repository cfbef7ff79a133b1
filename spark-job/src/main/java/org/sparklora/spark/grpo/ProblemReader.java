package org.sparklora.spark.grpo;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.text.ChatTemplate;
import org.sparklora.model.text.Conversation;
import org.sparklora.model.text.Message;
import org.sparklora.model.text.Tokenizer;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.source.DatasetSplit;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.prep.source.RowHandler;
import org.sparklora.prep.source.SourceRow;

/**
 * Reads problems from a dataset. A prompt is {@code prompt} (a text, taken as it is, or messages),
 * {@code problem} or {@code question}, which become a user's turn where the model has a chat
 * template. A solution is {@code solution}, {@code final_answer} or {@code answer}, of which only
 * what follows GSM8K's {@code ####} counts.
 *
 * <p>Not thread-safe.
 */
final class ProblemReader implements RowHandler {
  private static final String GSM8K_MARK = "####";
  private static final List<String> QUESTIONS = List.of("problem", "question");
  private static final List<String> SOLUTIONS = List.of("solution", "final_answer", "answer");

  private final GrpoConfig.Prompts config;
  private final Tokenizer tokenizer;
  private final Optional<ChatTemplate> template;
  private final List<Problem> problems = new ArrayList<>();
  private int tooLong = 0;

  private ProblemReader(GrpoConfig.Prompts config, Path model) {
    this.config = config;
    this.tokenizer = Tokenizer.load(model);
    this.template = ChatTemplate.load(model);
    ConfigException.require(
        template.isPresent() || config.systemPrompt().isEmpty(),
        "system_prompt",
        config.systemPrompt().orElse(""),
        "the model has no chat template that could place it; add chat_template.jinja");
  }

  /**
   * @param problems in the dataset's order
   * @param tooLong how many were left out for {@code max_prompt_length}
   */
  record Result(List<Problem> problems, int tooLong) {}

  /**
   * All problems of a dataset.
   *
   * @throws TableException naming the row that cannot be used, or if no problem is left
   */
  static Result read(Configuration configuration, GrpoConfig.Prompts config, Path model) {
    ProblemReader reader = new ProblemReader(config, model);
    List<DatasetSplit> splits =
        new DatasetSplits(configuration)
            .of(
                new DatasetFiles(configuration)
                    .find(config.dataset(), config.subfolder(), config.split()),
                reader::bad);
    splits.forEach(split -> split.read(configuration, Set.of(), reader));
    if (reader.problems.isEmpty()) {
      throw new TableException(
          "Cannot train on %s: no prompt is left, %d were longer than max_prompt_length; raise it or check the dataset"
              .formatted(config.dataset(), reader.tooLong));
    }
    return new Result(List.copyOf(reader.problems), reader.tooLong);
  }

  @Override
  public void row(SourceRow row) {
    int[] tokens = tokens(row);
    if (config.maxLength().isPresent() && tokens.length > config.maxLength().get()) {
      tooLong++;
      return;
    }
    if (tokens.length == 0) {
      throw error(row, "its prompt has no tokens");
    }
    problems.add(new Problem(tokens, solution(row), texts(row)));
  }

  @Override
  public void bad(BadRowException problem) {
    throw problem;
  }

  private int[] tokens(SourceRow row) {
    Object prompt = row.values().get(config.promptColumn());
    if (prompt instanceof String text && config.systemPrompt().isEmpty()) {
      return tokenizer.encode(text);
    }
    if (prompt instanceof List<?> messages) {
      return conversation(row, messages.stream().map(message -> message(row, message)).toList());
    }
    String question =
        prompt instanceof String text
            ? text
            : first(row, QUESTIONS)
                .orElseThrow(
                    () ->
                        error(
                            row,
                            "it has neither %s nor %s"
                                .formatted(
                                    config.promptColumn(), String.join(" nor ", QUESTIONS))));
    return template.isPresent()
        ? conversation(row, List.of(Message.of("user", question)))
        : tokenizer.encode(question);
  }

  @SuppressWarnings("unchecked") // JSON's objects have text keys
  private static Message message(SourceRow row, Object message) {
    if (message instanceof Map<?, ?> fields && fields.get("role") instanceof String) {
      return Message.ofFields((Map<String, Object>) fields);
    }
    throw error(row, "a message of its prompt has no role");
  }

  private int[] conversation(SourceRow row, List<Message> turns) {
    ChatTemplate chat =
        template.orElseThrow(
            () -> error(row, "its prompt is a conversation and the model has no chat template"));
    List<Message> all = new ArrayList<>(turns);
    if (turns.stream().noneMatch(turn -> turn.role().equals("system"))) {
      config.systemPrompt().ifPresent(text -> all.add(0, Message.of("system", text)));
    }
    String text =
        chat.render(new Conversation(all, Map.of()), ChatTemplate.Options.prompt()).text();
    return tokenizer.encode(text, false); // the template writes the special tokens itself
  }

  private static Optional<String> solution(SourceRow row) {
    return first(row, SOLUTIONS)
        .map(
            text -> {
              int mark = text.lastIndexOf(GSM8K_MARK);
              return mark < 0 ? text : text.substring(mark + GSM8K_MARK.length()).strip();
            });
  }

  private static Optional<String> first(SourceRow row, List<String> columns) {
    return columns.stream()
        .map(column -> row.values().get(column))
        .filter(value -> value instanceof String || value instanceof Number)
        .map(String::valueOf)
        .findFirst();
  }

  private static Map<String, String> texts(SourceRow row) {
    Map<String, String> texts = new TreeMap<>();
    row.values()
        .forEach(
            (column, value) -> {
              if (value != null) {
                texts.put(column, String.valueOf(value));
              }
            });
    return texts;
  }

  private static TableException error(SourceRow row, String problem) {
    return new TableException(
        "Cannot use %s: %s; correct the row or take it out".formatted(row.place().get(), problem));
  }
}
