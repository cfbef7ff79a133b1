package org.sparklora.pipeline.table;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.GroupType;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.sparklora.pipeline.table.LoggedCompletion.Turn;

/**
 * Reads files of {@link CompletionsTable}, also those that TRL itself has written: every column of
 * numbers beside {@code step} and {@code advantage} is a reward.
 */
public final class CompletionsFile {
  private static final String WRITER = "the run with --log_completions";

  private CompletionsFile() {}

  /**
   * All rows, in order.
   *
   * @throws TableException when the file is damaged or of another table
   */
  public static List<LoggedCompletion> read(Configuration configuration, Path file) {
    return GroupFile.read(configuration, file.toString(), WRITER, CompletionsFile::row);
  }

  /**
   * The same without texts, which are not even read: many files in little memory.
   *
   * @throws TableException when the file is damaged or of another table
   */
  public static List<LoggedCompletion> readNumbers(Configuration configuration, Path file) {
    Configuration projected = new Configuration(configuration);
    projected.set(ReadSupport.PARQUET_READ_SCHEMA, numbers(configuration, file).toString());
    return GroupFile.read(projected, file.toString(), WRITER, CompletionsFile::row);
  }

  private static MessageType numbers(Configuration configuration, Path file) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, configuration))) {
      MessageType whole = reader.getFooter().getFileMetaData().getSchema();
      return new MessageType(
          whole.getName(), whole.getFields().stream().filter(CompletionsFile::isNumber).toList());
    } catch (IOException | RuntimeException e) {
      throw new TableException(
          "Cannot read %s (%s): the file is damaged or of another table, run %s again"
              .formatted(file, e.getMessage(), WRITER),
          e);
    }
  }

  private static boolean isNumber(Type column) {
    return column.isPrimitive()
        && Set.of(
                PrimitiveTypeName.INT32,
                PrimitiveTypeName.INT64,
                PrimitiveTypeName.FLOAT,
                PrimitiveTypeName.DOUBLE)
            .contains(column.asPrimitiveType().getPrimitiveTypeName());
  }

  private static LoggedCompletion row(Group row) {
    GroupType columns = row.getType();
    Map<String, Double> rewards = new LinkedHashMap<>();
    for (Type column : columns.getFields()) {
      String name = column.getName();
      boolean other = name.equals(CompletionsTable.STEP) || name.equals(CompletionsTable.ADVANTAGE);
      if (isNumber(column) && !other) {
        rewards.put(name, number(row, name));
      }
    }
    return new LoggedCompletion(
        (int) number(row, CompletionsTable.STEP),
        turns(row, CompletionsTable.PROMPT),
        turns(row, CompletionsTable.COMPLETION),
        rewards,
        columns.containsField(CompletionsTable.ADVANTAGE)
            ? number(row, CompletionsTable.ADVANTAGE)
            : Double.NaN);
  }

  private static double number(Group row, String column) {
    return row.getFieldRepetitionCount(column) == 0
        ? Double.NaN
        : Double.parseDouble(row.getValueToString(row.getType().getFieldIndex(column), 0));
  }

  private static List<Turn> turns(Group row, String column) {
    if (!row.getType().containsField(column) || row.getFieldRepetitionCount(column) == 0) {
      return List.of();
    }
    if (row.getType().getType(column).isPrimitive()) {
      return List.of(new Turn("", row.getString(column, 0)));
    }
    Group list = row.getGroup(column, 0);
    List<Turn> turns = new ArrayList<>();
    for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
      Group turn = list.getGroup(0, i).getGroup(0, 0); // whatever the levels of a list are called
      turns.add(new Turn(text(turn, CompletionsTable.ROLE), text(turn, CompletionsTable.CONTENT)));
    }
    return turns;
  }

  private static String text(Group turn, String field) {
    return turn.getFieldRepetitionCount(field) == 0 ? "" : turn.getString(field, 0);
  }
}
