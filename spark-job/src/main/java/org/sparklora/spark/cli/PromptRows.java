package org.sparklora.spark.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.pipeline.table.PromptTable;
import org.sparklora.prep.TableKind;
import org.sparklora.prep.TableOrigin;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.prep.source.RowHandler;

/**
 * Reads rows with prompts: {@code prompt}, a text or a list of messages, or {@code input_ids};
 * {@code prompt_id} defaults to the row's number in the file.
 *
 * <p>Not thread-safe: an object remembers the ids that it has seen.
 */
final class PromptRows {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String ID = "prompt_id";
  private static final String TOKENS = "input_ids";
  private static final String COLUMNS = "columns";

  /** Fields that do not become columns; tables of completions have a {@code completion_index}. */
  private static final Set<String> OWN =
      Set.of(
          ID,
          TOKENS,
          COLUMNS,
          "prompt",
          "messages",
          "solution",
          "text",
          "completion_index",
          "prompt_ids",
          "completion_ids",
          "logprobs",
          "policy_version",
          "sampling_seed",
          "json_columns");

  private final RowText texts;
  private final Map<Long, Integer> lines = new HashMap<>(); // by prompt id, so far

  PromptRows(RowText texts) {
    this.texts = texts;
  }

  /** All prompts of a prompts table, a folder of Parquet, or a file in a dataset's format. */
  static List<Prompt> read(Configuration hadoop, String input, RowText texts) {
    requireInput(hadoop, input);
    if (!input.contains(".json") && PromptTable.isAt(hadoop, input)) {
      TableOrigin.of(hadoop, TableKind.PROMPTS, input)
          .ifPresent(
              origin ->
                  origin.requireTokenizer(
                      Flags.INPUT, texts.folder().toString(), Optional.of(texts.tokenizer())));
      return PromptTable.read(hadoop, input);
    }
    PromptRows rows = new PromptRows(texts);
    List<Prompt> prompts = new ArrayList<>();
    RowHandler handler =
        row -> {
          ObjectNode fields = JSON.valueToTree(row.values());
          fields.remove(
              row.values().keySet().stream().filter(name -> fields.get(name).isNull()).toList());
          prompts.add(rows.prompt(new JsonLines.Row(Path.of(input), prompts.size() + 1, fields)));
        };
    new DatasetSplits(hadoop)
        .of(new DatasetFiles(hadoop).find(input, "", "train"), handler::bad)
        .forEach(split -> split.read(hadoop, Set.of(), handler));
    return prompts;
  }

  private static void requireInput(Configuration hadoop, String input) {
    var path = new org.apache.hadoop.fs.Path(input);
    try {
      FileStatus[] found = path.getFileSystem(hadoop).globStatus(path);
      ConfigException.require(
          found != null && found.length > 0,
          Flags.INPUT,
          input,
          "there is no such file or folder; name JSON lines or a folder of Parquet");
    } catch (IOException e) {
      throw new ConfigException(Flags.INPUT, input, "it cannot be looked for: " + e.getMessage());
    }
  }

  /** The prompt of a row, with its other fields as columns. */
  Prompt prompt(JsonLines.Row row) {
    ObjectNode fields = row.fields();
    JsonNode id = fields.path(ID);
    if (!id.isMissingNode() && !(id.isIntegralNumber() && id.canConvertToLong())) {
      throw row.error("prompt_id is %s where a whole number belongs".formatted(id));
    }
    if (!fields.hasNonNull(TOKENS)) {
      if (fields.hasNonNull("prompt")) {
        fields.remove("messages"); // a conversation, which may hold the answer
      }
      fields.set(fields.path("prompt").isArray() ? "messages" : "text", fields.get("prompt"));
      if (!texts.addTokens(row)) {
        throw row.error("it has neither prompt nor input_ids");
      }
    }
    int[] tokens = row.integers(TOKENS);
    if (tokens.length == 0) {
      throw row.error("its prompt has no tokens");
    }
    long number = id.isMissingNode() ? lines.size() : id.longValue();
    Integer other = lines.putIfAbsent(number, row.line());
    if (other != null) {
      throw row.error("its prompt_id %s is that of line %s".formatted(number, other));
    }
    String text =
        fields.path("text").isTextual()
            ? fields.get("text").asText()
            : texts.tokenizer().decode(tokens, false);
    return new Prompt(number, text, tokens, solution(fields), Map.of()).with(columns(fields));
  }

  private static Optional<String> solution(ObjectNode fields) {
    return Optional.of(fields.path("solution")).filter(JsonNode::isValueNode).map(JsonNode::asText);
  }

  private static Map<String, Object> columns(ObjectNode fields) {
    Map<String, Object> columns = new TreeMap<>();
    if (fields.get(COLUMNS) instanceof ObjectNode own) { // as the project's own tables have them
      columns.putAll(columns(own));
    }
    ObjectNode others = fields.deepCopy();
    others.remove(OWN);
    columns.putAll(JSON.convertValue(others, new TypeReference<Map<String, Object>>() {}));
    return columns;
  }
}
