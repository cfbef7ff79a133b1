package org.sparklora.prep.format;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.BadRowException.Reason;
import org.sparklora.text.Message;

/** Reads the messages of a column, in any form that datasets use. */
final class Messages {
  /**
   * ShareGPT's names of the speakers. TRL passes them to the template as they are, which renders
   * {@code human} verbatim or, with Qwen3's, drops the message.
   */
  private static final Map<String, String> SHARE_GPT_ROLES =
      Map.of("human", "user", "gpt", "assistant");

  private Messages() {}

  /** Whether a value looks like a list of messages. */
  static boolean isConversation(Object value) {
    Object parsed =
        value instanceof String text && text.startsWith("[") ? parseOrNothing(text) : value;
    return parsed instanceof List<?> list
        && !list.isEmpty()
        && list.get(0) instanceof Map<?, ?> first
        && (first.containsKey("role") || first.containsKey("from"));
  }

  private static Object parseOrNothing(String text) {
    try {
      return Columns.parse(text, "");
    } catch (BadRowException e) {
      return text; // text that begins with a bracket, such as a LaTeX interval
    }
  }

  /** The messages of a column: a list of structs, or such a list as JSON text. */
  static List<Message> of(Map<String, Object> row, String column) {
    Object value =
        row.get(column) instanceof String text ? Columns.parse(text, column) : row.get(column);
    if (!(value instanceof List<?> list)) {
      throw Columns.wrong(column, value, "a list of messages");
    }
    if (list.isEmpty()) {
      throw new BadRowException(
          Reason.WRONG_COLUMNS, "column %s holds no message".formatted(column), "");
    }
    List<Message> messages = new ArrayList<>(list.size());
    for (int i = 0; i < list.size(); i++) {
      messages.add(message(list.get(i), "%s[%s]".formatted(column, i)));
    }
    return messages;
  }

  private static Message message(Object value, String place) {
    if (!(value instanceof Map<?, ?> raw)) {
      throw Columns.wrong(place, value, "a message with role and content");
    }
    Map<String, Object> message = new LinkedHashMap<>();
    raw.forEach(
        (key, inner) -> {
          if (inner != null) {
            message.put(renamed(String.valueOf(key), raw), Columns.withoutNulls(inner));
          }
        });
    if (raw.get("role") == null && raw.get("from") instanceof String speaker) {
      message.put("role", SHARE_GPT_ROLES.getOrDefault(speaker, speaker));
    }
    if (!(message.get("role") instanceof String)) {
      throw Columns.wrong(place + ".role", message.get("role"), "text such as user or assistant");
    }
    return Message.ofFields(message);
  }

  /** ShareGPT's keys get the usual names, unless the message has those: then they are metadata. */
  private static String renamed(String key, Map<?, ?> message) {
    return switch (key) {
      case "from" -> message.get("role") == null ? "role" : key;
      case "value" -> message.get("content") == null ? "content" : key;
      default -> key;
    };
  }
}
