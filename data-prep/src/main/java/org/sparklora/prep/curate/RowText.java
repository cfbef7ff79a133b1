package org.sparklora.prep.curate;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.format.DatasetFormat;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.format.Example;
import org.sparklora.prep.format.Problem;
import org.sparklora.prep.format.ProblemFormat;
import org.sparklora.prep.format.RowFormat;
import org.sparklora.text.Message;

/**
 * The text of a row by which rows are compared: the contents, reasoning and tool calls of a
 * conversation's messages, a prompt and its completion, a problem and its solution, or a plain
 * text. The parts are joined by line breaks; roles and templates are no part of it.
 *
 * <p>Immutable, serialisable with Java's serialiser.
 *
 * @param format a {@link DatasetFormat} of rows for {@code sft}, or a {@link ProblemFormat}
 */
record RowText(RowFormat format) implements Serializable {
  /** Fields of a message that chat templates render beside its content. */
  private static final List<String> SAID_BESIDE =
      List.of("reasoning_content", "thinking", "reasoning", "tool_calls");

  /**
   * The format of a dataset: one of {@code prep}, else one of {@code prep --task grpo}.
   *
   * @param sample by column its first non-null value, or null
   * @throws ConfigException if no format fits, or the rows are token ids
   */
  static RowText recognise(PrepConfig.Source source, Map<String, Object> sample) {
    DatasetFormat format;
    try {
      format =
          new DatasetFormats(
                  source.columns(), source.useSystemColumn(), DatasetFormats.Loss.AS_FORMAT_SAYS)
              .recognise(sample);
    } catch (ConfigException e) {
      try {
        return new RowText(ProblemFormat.recognise(source.columns().prompt(), sample));
      } catch (ConfigException neither) {
        throw e;
      }
    }
    ConfigException.require(
        format.form() != DatasetFormat.Form.TOKENS,
        Flags.DATASET_NAME,
        source.dataset(),
        "its rows are token ids, and texts are compared; name the dataset that they were made of");
    return new RowText(format);
  }

  /**
   * The whole text.
   *
   * @throws org.sparklora.prep.source.BadRowException without a place, if the row's columns do not
   *     fit
   */
  String text(Map<String, Object> row) {
    return parts(row).stream().map(RowText::contents).collect(Collectors.joining("\n"));
  }

  /** The row's question: the first message of the user, a prompt or a problem, or a plain text. */
  String question(Map<String, Object> row) {
    Object first =
        format instanceof ProblemFormat problems ? part(problems.asked(row)) : parts(row).get(0);
    return first instanceof List<?> messages
        ? messages.stream()
            .filter(message -> ((Message) message).role().equals("user"))
            .findFirst()
            .map(RowText::content)
            .orElseGet(() -> contents(messages))
        : first.toString();
  }

  /** The parts of a row, each a text or messages. */
  private List<?> parts(Map<String, Object> row) {
    if (format instanceof ProblemFormat problems) {
      Problem problem = problems.problem(row);
      return Stream.concat(Stream.of(part(problem.asked())), problem.solution().stream()).toList();
    }
    Example example = ((DatasetFormat) format).example(row);
    if (example instanceof Example.Text text) {
      return Stream.concat(text.prompt().stream(), Stream.of(text.completion())).toList();
    }
    Example.Chat chat = (Example.Chat) example;
    return Stream.of(chat.prompt(), chat.completion()).filter(part -> !part.isEmpty()).toList();
  }

  /** A text or messages; Java 17 has no pattern switch. */
  private static Object part(Problem.Asked asked) {
    return asked instanceof Problem.Text text ? text.text() : ((Problem.Chat) asked).messages();
  }

  private static String contents(Object part) {
    return part instanceof List<?> messages
        ? messages.stream().map(RowText::content).collect(Collectors.joining("\n"))
        : part.toString();
  }

  /** A message's content, a text or parts that each have one, and what else a model says in it. */
  private static String content(Object message) {
    Message said = (Message) message;
    Object content = said.extra().getOrDefault("content", said.content());
    Stream<?> parts =
        content instanceof List<?> list
            ? list.stream()
                .map(part -> part instanceof Map<?, ?> fields ? fields.get("text") : part)
            : Stream.ofNullable(content); // none in a message that calls a tool
    return Stream.concat(parts, SAID_BESIDE.stream().map(said.extra()::get))
        .filter(part -> part != null && !part.equals(List.of())) // some say that there is no call
        .map(part -> part instanceof String text ? text : Prompt.json(part))
        .collect(Collectors.joining("\n"));
  }
}
