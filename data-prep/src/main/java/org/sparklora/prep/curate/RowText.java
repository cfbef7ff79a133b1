package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.format.DatasetFormat;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.format.Example;
import org.sparklora.prep.format.Problem;
import org.sparklora.prep.format.ProblemFormat;

/**
 * The text of a row by which rows are compared: the contents of a conversation's messages, a prompt
 * and its completion, a problem and its solution, or a plain text. The parts are joined by line
 * breaks; roles and templates are no part of it.
 *
 * <p>Immutable, serialisable with Java's serialiser.
 */
sealed interface RowText extends Serializable {
  /**
   * The format of a dataset: one of {@code prep}, else one of {@code prep --task grpo}.
   *
   * @param sample by column its first non-null value, or null
   * @throws ConfigException if no format fits, or the rows are token ids
   */
  static RowText recognise(PrepConfig.Source source, Map<String, Object> sample) {
    Optional<DatasetFormat> examples = Optional.empty();
    try {
      examples =
          Optional.of(
              new DatasetFormats(
                      source.columns(),
                      source.useSystemColumn(),
                      DatasetFormats.Loss.AS_FORMAT_SAYS)
                  .recognise(sample));
    } catch (ConfigException e) {
      ProblemFormat problems = new ProblemFormat(source.columns().prompt());
      try {
        problems.requireProblems(sample);
      } catch (ConfigException neither) {
        throw e;
      }
      return new OfProblem(problems, problems.description(sample));
    }
    ConfigException.require(
        !(examples.get() instanceof DatasetFormat.Tokenized),
        Flags.DATASET_NAME,
        source.dataset(),
        "its rows are token ids, and texts are compared; name the dataset that they were made of");
    return new OfExample(examples.get());
  }

  /**
   * The text in parts.
   *
   * @throws org.sparklora.prep.source.BadRowException without a place, if the row's columns do not
   *     fit
   */
  List<String> parts(Map<String, Object> row);

  /** The row's question: the first message of the user, a prompt or a problem, or a plain text. */
  String question(Map<String, Object> row);

  /** The recognised format, for logs and the manifest. */
  String description();

  /** The whole text. */
  default String text(Map<String, Object> row) {
    return String.join("\n", parts(row));
  }

  /** A row that {@code sft} could train on. */
  record OfExample(DatasetFormat format) implements RowText {
    @Override
    public List<String> parts(Map<String, Object> row) {
      // Java 17 has no pattern switch
      Example example = format.example(row);
      if (example instanceof Example.Text text) {
        return List.of(text.text());
      }
      if (example instanceof Example.PromptCompletion both) {
        return List.of(both.prompt(), both.completion());
      }
      if (example instanceof Example.Chat chat) {
        return List.of(contents(chat.messages()));
      }
      Example.ChatPromptCompletion both = (Example.ChatPromptCompletion) example;
      return List.of(contents(both.prompt()), contents(both.completion()));
    }

    @Override
    public String question(Map<String, Object> row) {
      Example example = format.example(row);
      if (example instanceof Example.Chat chat) {
        return asked(chat.messages());
      }
      return example instanceof Example.ChatPromptCompletion both
          ? asked(both.prompt())
          : parts(row).get(0);
    }

    @Override
    public String description() {
      return format.description();
    }
  }

  /** A row that {@code grpo} could train on. */
  record OfProblem(ProblemFormat format, String description) implements RowText {
    @Override
    public List<String> parts(Map<String, Object> row) {
      Problem problem = format.problem(row);
      String asked =
          problem.asked() instanceof Problem.Chat chat ? contents(chat.messages()) : question(row);
      return problem.solution().map(solution -> List.of(asked, solution)).orElse(List.of(asked));
    }

    @Override
    public String question(Map<String, Object> row) {
      Problem.Asked asked = format.problem(row).asked();
      if (asked instanceof Problem.Text text) {
        return text.text();
      }
      return asked instanceof Problem.Question question
          ? question.text()
          : asked(((Problem.Chat) asked).messages());
    }
  }

  private static String contents(List<Map<String, Object>> messages) {
    return messages.stream().map(RowText::content).collect(Collectors.joining("\n"));
  }

  private static String asked(List<Map<String, Object>> messages) {
    return messages.stream()
        .filter(message -> "user".equals(message.get("role")))
        .findFirst()
        .map(RowText::content)
        .orElseGet(() -> contents(messages));
  }

  /** A message's content: a text, or parts that each have one. */
  private static String content(Map<String, Object> message) {
    Object content = message.get("content");
    if (content instanceof List<?> parts) {
      return parts.stream()
          .map(part -> part instanceof Map<?, ?> fields ? fields.get("text") : part)
          .filter(Objects::nonNull)
          .map(String::valueOf)
          .collect(Collectors.joining("\n"));
    }
    return content == null ? "" : String.valueOf(content); // such as a message that calls a tool
  }
}
