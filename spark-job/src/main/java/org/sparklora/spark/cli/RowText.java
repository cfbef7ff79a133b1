package org.sparklora.spark.cli;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.tokenize.ExampleTokenizer;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.ChatTemplateException;
import org.sparklora.text.Conversation;
import org.sparklora.text.Message;
import org.sparklora.text.Tokenizer;
import org.sparklora.train.TrainedModel;

/**
 * Turns the text or messages of a row into tokens, with the tokenizer and template of a checkpoint
 * folder.
 */
record RowText(
    Path folder,
    Tokenizer tokenizer,
    Optional<ChatTemplate> template,
    ChatTemplate.Options options) {
  private static final ObjectMapper JSON = new ObjectMapper();

  static RowText of(Path folder, Tokenizer tokenizer, ChatTemplate.Options options) {
    Optional<ChatTemplate> template =
        ChatTemplate.load(folder).map(own -> own.withTokens(tokenizer.specialTokens()));
    return new RowText(folder, tokenizer, template, options);
  }

  static RowText of(TrainedModel model, ChatTemplate.Options options) {
    return of(model.checkpoint().folder(), model.tokenizer(), options);
  }

  /**
   * Adds {@code input_ids} to a row, and {@code text} for messages.
   *
   * @return false if the row has neither {@code messages} nor {@code text}
   */
  boolean addTokens(JsonLines.Row row) {
    if (row.fields().hasNonNull("messages")) {
      String text = render(row);
      row.fields().put("text", text);
      addTokens(row, limited(row, text), false); // the template writes the special tokens itself
      return true;
    }
    JsonNode text = row.fields().path("text");
    if (text.isTextual()) {
      addTokens(row, limited(row, text.asText()), true);
    }
    return text.isTextual();
  }

  private void addTokens(JsonLines.Row row, String text, boolean addSpecialTokens) {
    try {
      int[] ids = tokenizer.encode(text, addSpecialTokens);
      row.fields().set("input_ids", JSON.valueToTree(ids));
    } catch (IllegalArgumentException e) {
      throw row.error(e.getMessage());
    }
  }

  private static String limited(JsonLines.Row row, String text) {
    try {
      return ExampleTokenizer.requireShort(text);
    } catch (BadRowException e) {
      throw row.error(e.getMessage());
    }
  }

  private String render(JsonLines.Row row) {
    ChatTemplate chat =
        template.orElseThrow(
            () ->
                new ConfigException(
                    Flags.MODEL_NAME_OR_PATH,
                    folder,
                    "the folder has no chat template; add chat_template.jinja, or give rows with text"));
    try {
      return chat.render(conversation(row), options).text();
    } catch (ChatTemplateException e) {
      throw row.error(e.getMessage());
    }
  }

  private static Conversation conversation(JsonLines.Row row) {
    List<Message> messages = new ArrayList<>();
    for (JsonNode message : row.fields().get("messages")) {
      if (!message.path("role").isTextual()) {
        throw row.error("a message has no role");
      }
      messages.add(
          Message.ofFields(
              JSON.convertValue(message, new TypeReference<Map<String, Object>>() {})));
    }
    if (messages.isEmpty()) {
      throw row.error("messages is empty");
    }
    Map<String, Object> variables = new TreeMap<>();
    if (row.fields().hasNonNull("tools")) {
      variables.put("tools", JSON.convertValue(row.fields().get("tools"), Object.class));
    }
    return new Conversation(messages, variables);
  }
}
