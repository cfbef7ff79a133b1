package org.sparklora.reward.job;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
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
 * columns            map, optional               the dataset's columns, see {@link CompletionRow}
 * → rewards/NAME     double                      each reward; null where it could not judge
 * → verdict, reason, gold_parsed, answer_parsed  of the first reward that gives verdicts
 * → judge_seconds    double                      what judging took
 * </pre>
 */
final class GenerationTable implements Serializable {
  private static final long serialVersionUID = 1L;
  static final String COMPLETION = CompletionRow.COMPLETION;
  static final String SOLUTION = CompletionRow.SOLUTION;
  static final String PROMPT_ID = CompletionRow.PROMPT_ID;
  static final String ROW_NUMBER = CompletionRow.ROW_NUMBER;

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
    Map<String, Object> cells = new LinkedHashMap<>();
    for (int i = 0; i < schema.size(); i++) {
      cells.put(schema.apply(i).name(), cell(row.get(i)));
    }
    return CompletionRow.of(cells);
  }

  /** Spark's lists, maps and structs as Java's. */
  private static Object cell(Object cell) {
    if (cell instanceof scala.collection.Seq<?> list) {
      return scala.collection.JavaConverters.seqAsJavaList(list).stream()
          .map(GenerationTable::cell)
          .toList();
    }
    Map<String, Object> cells = new LinkedHashMap<>();
    if (cell instanceof scala.collection.Map<?, ?> map) {
      scala.collection.JavaConverters.mapAsJavaMap(map)
          .forEach((name, value) -> cells.put(String.valueOf(name), cell(value)));
    } else if (cell instanceof Row struct && struct.schema() != null) {
      for (int i = 0; i < struct.size(); i++) {
        cells.put(struct.schema().apply(i).name(), cell(struct.get(i)));
      }
    } else {
      return cell;
    }
    return cells;
  }
}
