package org.sparklora.pipeline.table;

import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.apache.parquet.schema.Types;

/**
 * The Parquet schema of {@link Prompt}, version 1:
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
final class PromptSchema {
  static final String VERSION_KEY = "spark_lora.prompts";
  static final String VERSION = "1";

  private static final String PROMPT_ID = "prompt_id";
  private static final String PROMPT = "prompt";
  private static final String PROMPT_IDS = "prompt_ids";
  private static final String SOLUTION = "solution";
  private static final String COLUMNS = "columns";
  private static final String JSON = "json_columns";
  private static final String ELEMENT = "element";
  private static final String LIST = "list";
  private static final String ENTRY = "key_value";
  private static final String KEY = "key";
  private static final String VALUE = "value";

  static final MessageType SCHEMA =
      new MessageType(
          "prompts",
          Types.required(PrimitiveTypeName.INT64).named(PROMPT_ID),
          text(Type.Repetition.REQUIRED, PROMPT),
          ListCells.ints(PROMPT_IDS),
          text(Type.Repetition.OPTIONAL, SOLUTION),
          Types.requiredGroup()
              .as(LogicalTypeAnnotation.mapType())
              .repeatedGroup()
              .addField(text(Type.Repetition.REQUIRED, KEY))
              .addField(text(Type.Repetition.OPTIONAL, VALUE))
              .named(ENTRY)
              .named(COLUMNS),
          Types.optionalList().element(text(Type.Repetition.REQUIRED, ELEMENT)).named(JSON));

  private PromptSchema() {}

  static Type text(Type.Repetition repetition, String name) {
    return Types.primitive(PrimitiveTypeName.BINARY, repetition)
        .as(LogicalTypeAnnotation.stringType())
        .named(name);
  }

  static Group toGroup(Prompt prompt) {
    Group row = new SimpleGroup(SCHEMA);
    fill(row, prompt);
    return row;
  }

  /** Sets the columns of a prompt in a row that may have further columns. */
  static void fill(Group row, Prompt prompt) {
    row.add(PROMPT_ID, prompt.id());
    row.add(PROMPT, prompt.text());
    ListCells.put(row, PROMPT_IDS, prompt.tokens());
    prompt.solution().ifPresent(solution -> row.add(SOLUTION, solution));
    Group columns = row.addGroup(COLUMNS);
    // sorted, so that a file's bytes depend on the rows alone
    new TreeMap<>(prompt.columns())
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
      new TreeSet<>(prompt.json()).forEach(name -> names.addGroup(LIST).add(ELEMENT, name));
    }
  }

  static Prompt fromGroup(Group row) {
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
        ListCells.ints(row, PROMPT_IDS),
        row.getFieldRepetitionCount(SOLUTION) == 0
            ? Optional.empty()
            : Optional.of(row.getString(SOLUTION, 0)),
        columns,
        json(row));
  }

  private static Set<String> json(Group row) {
    Set<String> names = new TreeSet<>();
    if (row.getType().containsField(JSON) && row.getFieldRepetitionCount(JSON) > 0) {
      Group list = row.getGroup(JSON, 0);
      for (int i = 0; i < list.getFieldRepetitionCount(LIST); i++) {
        names.add(list.getGroup(LIST, i).getString(ELEMENT, 0));
      }
    }
    return names;
  }
}
