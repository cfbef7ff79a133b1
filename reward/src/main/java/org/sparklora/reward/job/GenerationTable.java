package org.sparklora.reward.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructType;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.reward.Completion;
import org.sparklora.reward.Judge;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.Reward;

/**
 * The table of generations as rewards see it, and the columns that judging adds.
 *
 * <pre>
 * column             type                        meaning
 * completion         string or list of messages  what was generated; of messages, the first one's content
 * solution           string                      the reference answer; not all rewards need it
 * prompt_id          any                         the group
 * completion_ids     list, optional              its size is the number of tokens
 * completion_length  int, optional               the number of tokens
 * columns            map, optional               more columns, for rewards that look at them
 * → rewards/NAME     double                      each reward; null where it could not judge
 * → verdict, reason, gold_parsed, answer_parsed  of the first reward that gives verdicts
 * → judge_seconds    double                      what judging took
 * </pre>
 */
final class GenerationTable implements Serializable {
  private static final long serialVersionUID = 1L;
  static final String COMPLETION = "completion";
  static final String SOLUTION = "solution";
  static final String PROMPT_ID = "prompt_id";

  /** Ours while the stage runs: where the row was. */
  static final String ROW_NUMBER = "spark_lora_row_number";

  static final String VERDICT = "verdict";
  static final String REASON = "reason";
  static final String SECONDS = "judge_seconds";
  private static final List<String> TEXTS =
      List.of(VERDICT, REASON, "gold_parsed", "answer_parsed");

  private final StructType schema;
  private final Judge judge;

  /**
   * Throws {@link TableException} if the column completion is missing, or one would be written
   * twice.
   */
  GenerationTable(StructType schema, List<Reward> rewards) {
    List<String> columns = Arrays.asList(schema.fieldNames());
    if (!columns.contains(COMPLETION)) {
      throw new TableException(
          "Cannot judge a table with columns " + columns + ": it needs a column completion");
    }
    for (String added : judged(new StructType(), rewards).fieldNames()) {
      if (columns.contains(added)) {
        throw new TableException(
            "Cannot judge a table that has a column %s already: judge the generations themselves, not a judged table"
                .formatted(added));
      }
    }
    this.schema = schema;
    this.judge = new Judge(rewards);
  }

  /** The table's columns and those of judging. */
  StructType judgedSchema() {
    return judged(schema, judge.rewards());
  }

  private static StructType judged(StructType schema, List<Reward> rewards) {
    StructType wider = schema;
    for (Reward reward : rewards) {
      wider = wider.add(rewardColumn(reward), DataTypes.DoubleType);
    }
    for (String text : TEXTS) {
      wider = wider.add(text, DataTypes.StringType);
    }
    return wider.add(SECONDS, DataTypes.DoubleType);
  }

  static String rewardColumn(Reward reward) {
    return "rewards/" + reward.name();
  }

  /** The row with its judgements. A row without a completion is kept, unjudged, and says so. */
  Row judge(Row row) {
    Judge.Result result = judge.judge(completion(row));
    List<Object> cells = new ArrayList<>();
    result
        .judgements()
        .forEach(judgement -> cells.add(judgement.isJudged() ? judgement.reward() : null));
    Judgement told = result.told();
    cells.add(told.verdict().text());
    cells.addAll(List.of(told.reason(), told.goldParsed(), told.answerParsed(), result.seconds()));
    return wider(row, cells.toArray());
  }

  /** The row with more cells. */
  static Row wider(Row row, Object... cells) {
    return RowFactory.create(
        Stream.concat(IntStream.range(0, row.size()).mapToObj(row::get), Arrays.stream(cells))
            .toArray());
  }

  private Optional<Completion> completion(Row row) {
    Optional<String> text = text(row, COMPLETION);
    if (text.isEmpty()) {
      return Optional.empty();
    }
    Map<String, String> others = new HashMap<>();
    for (int i = 0; i < schema.size(); i++) {
      DataType type = schema.apply(i).dataType();
      if (row.isNullAt(i) || type instanceof ArrayType || type instanceof StructType) {
        continue;
      }
      if (type instanceof MapType) { // what prompts and generations bring of their dataset
        row.getJavaMap(i)
            .forEach((name, value) -> others.put(String.valueOf(name), String.valueOf(value)));
      } else {
        others.put(schema.apply(i).name(), String.valueOf(row.get(i)));
      }
    }
    return Optional.of(new Completion(text.get(), text(row, SOLUTION), tokens(row), others));
  }

  private Optional<String> text(Row row, String column) {
    int at = index(column);
    if (at < 0 || row.isNullAt(at)) {
      return Optional.empty();
    }
    Object cell = row.get(at);
    if (!(schema.apply(at).dataType() instanceof ArrayType)) {
      return Optional.of(String.valueOf(cell));
    }
    List<Object> messages = row.getList(at);
    if (messages.isEmpty() || !(messages.get(0) instanceof Row message)) {
      return Optional.empty();
    }
    int content =
        message.schema() == null
            ? -1
            : Arrays.asList(message.schema().fieldNames()).indexOf("content");
    return content < 0 || message.isNullAt(content)
        ? Optional.empty()
        : Optional.of(message.getString(content));
  }

  private OptionalInt tokens(Row row) {
    int ids = index("completion_ids");
    if (ids >= 0 && !row.isNullAt(ids)) {
      return OptionalInt.of(row.getList(ids).size());
    }
    int length = index("completion_length");
    return length >= 0 && !row.isNullAt(length)
        ? OptionalInt.of(((Number) row.get(length)).intValue())
        : OptionalInt.empty();
  }

  private int index(String column) {
    return Arrays.asList(schema.fieldNames()).indexOf(column);
  }
}
