package org.sparklora.pipeline.table;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * Folders of Parquet files that together are one {@code prompts} table, in the order of the file
 * names. Reading needs no Spark. Version 1 of the schema:
 *
 * <pre>
 * prompt_id   int64                   the row's number in the table, from 0
 * prompt      string                  as the model sees it
 * prompt_ids  list of int32           its tokens
 * solution    string, may be null     the reference answer
 * columns     map of string to string the dataset's other columns; null: no value
 * json_columns list of string         columns whose text is JSON of another type; absent
 *                                     from older tables: none
 * </pre>
 *
 * The file's key-value metadata has the version under {@value #VERSION_KEY}.
 */
public final class PromptTable {
  private static final String MAKER = "prep --task grpo";
  private static final String VERSION_KEY = "spark_lora.prompts";
  private static final String VERSION = "1";

  private static final String PROMPT_ID = "prompt_id";
  private static final String PROMPT = "prompt";
  private static final String PROMPT_IDS = "prompt_ids";
  private static final String SOLUTION = "solution";
  private static final String COLUMNS = "columns";
  private static final String JSON = "json_columns";
  private static final String ENTRY = "key_value";
  private static final String KEY = "key";
  private static final String VALUE = "value";

  static final MessageType SCHEMA =
      new MessageType(
          "prompts",
          Types.required(PrimitiveTypeName.INT64).named(PROMPT_ID),
          Cells.text(Type.Repetition.REQUIRED, PROMPT),
          Cells.ints(PROMPT_IDS),
          Cells.text(Type.Repetition.OPTIONAL, SOLUTION),
          Types.requiredGroup()
              .as(LogicalTypeAnnotation.mapType())
              .repeatedGroup()
              .addField(Cells.text(Type.Repetition.REQUIRED, KEY))
              .addField(Cells.text(Type.Repetition.OPTIONAL, VALUE))
              .named(ENTRY)
              .named(COLUMNS),
          Types.optionalList()
              .element(Cells.text(Type.Repetition.REQUIRED, Cells.ELEMENT))
              .named(JSON));

  private PromptTable() {}

  /**
   * Starts a file of a table, written directly to its path; its bytes depend on the rows alone.
   *
   * @throws TableException when the file cannot be created
   */
  public static RowFile<Prompt> create(Configuration configuration, Path file) {
    Map<String, String> version = Map.of(VERSION_KEY, VERSION);
    return RowFile.of(configuration, file, SCHEMA, version, PromptTable::fill);
  }

  /** Whether a folder's Parquet files are a prompts table, of any version. */
  public static boolean isAt(Configuration configuration, String folder) {
    return version(configuration, files(configuration, folder).get(0)).isPresent();
  }

  private static List<String> files(Configuration configuration, String folder) {
    return FileList.parquet(configuration, folder, "prompts table", MAKER);
  }

  private static Optional<String> version(Configuration configuration, String file) {
    return Optional.ofNullable(
        RowFile.footer(configuration, file)
            .getFileMetaData()
            .getKeyValueMetaData()
            .get(VERSION_KEY));
  }

  /**
   * All rows of a folder in order, each with all columns that the table has; for tables that fit
   * into memory.
   *
   * @throws TableException when there is no such folder, no Parquet file in it, a file without
   *     prompts or a damaged one, or the files are of several tables
   */
  public static List<Prompt> read(Configuration configuration, String folder) {
    List<String> files = files(configuration, folder);
    files.forEach(file -> requireVersion(file, version(configuration, file)));
    List<Prompt> rows = new ArrayList<>();
    Set<String> names = new TreeSet<>();
    Set<Long> ids = new HashSet<>();
    for (String file : files) {
      forEach(
          configuration,
          file,
          row -> {
            if (!ids.add(row.id())) {
              throw new TableException(
                  "Cannot read %s: the folder has two prompts of id %s, so its files are of several tables; give each a folder"
                      .formatted(file, row.id()));
            }
            rows.add(row);
            names.addAll(row.columns().keySet());
          });
    }
    rows.replaceAll(row -> row.withAll(names));
    return rows;
  }

  private static void requireVersion(String file, Optional<String> version) {
    if (!version.equals(Optional.of(VERSION))) {
      throw new TableException(
          "Cannot read %s: it is %s and not a prompts table of version %s; run prep --task grpo again"
              .formatted(
                  file, version.map("of version "::concat).orElse("something else"), VERSION));
    }
  }

  /**
   * Passes every row of one file to {@code consumer}, in order.
   *
   * @throws TableException when the file is damaged; names the row
   */
  public static void forEach(Configuration configuration, String file, Consumer<Prompt> consumer) {
    RowFile.forEach(
        configuration, file, MAKER, new GroupReadSupport(), PromptTable::prompt, consumer);
  }

  /** Sets the columns of a prompt in a row that may have further columns. */
  static void fill(Group row, Prompt prompt) {
    row.add(PROMPT_ID, prompt.id());
    row.add(PROMPT, prompt.text());
    Cells.put(row, PROMPT_IDS, prompt.tokens());
    prompt.solution().ifPresent(solution -> row.add(SOLUTION, solution));
    Group columns = row.addGroup(COLUMNS);
    prompt
        .columns()
        .forEach(
            (name, value) -> {
              Group entry = columns.addGroup(ENTRY);
              entry.add(KEY, name);
              if (value != null) {
                entry.add(VALUE, value);
              }
            });
    if (!prompt.json().isEmpty()) {
      Group names = row.addGroup(JSON);
      // sorted as columns are, so that a file's bytes depend on the rows alone
      new TreeSet<>(prompt.json())
          .forEach(name -> names.addGroup(Cells.LIST).add(Cells.ELEMENT, name));
    }
  }

  /** The prompt of a row that may have further columns. */
  static Prompt prompt(Group row) {
    Map<String, String> columns = new TreeMap<>();
    Group map = row.getGroup(COLUMNS, 0);
    for (int i = 0; i < map.getFieldRepetitionCount(ENTRY); i++) {
      Group entry = map.getGroup(ENTRY, i);
      boolean hasValue = entry.getFieldRepetitionCount(VALUE) > 0;
      columns.put(entry.getString(KEY, 0), hasValue ? entry.getString(VALUE, 0) : null);
    }
    return new Prompt(
        row.getLong(PROMPT_ID, 0),
        row.getString(PROMPT, 0),
        Cells.ints(row, PROMPT_IDS),
        row.getFieldRepetitionCount(SOLUTION) == 0
            ? Optional.empty()
            : Optional.of(row.getString(SOLUTION, 0)),
        columns,
        json(row));
  }

  private static Set<String> json(Group row) {
    Set<String> names = new TreeSet<>();
    if (Cells.has(row, JSON)) {
      Group list = row.getGroup(JSON, 0);
      for (int i = 0; i < list.getFieldRepetitionCount(Cells.LIST); i++) {
        names.add(list.getGroup(Cells.LIST, i).getString(Cells.ELEMENT, 0));
      }
    }
    return names;
  }
}
