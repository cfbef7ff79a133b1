package org.sparklora.text;

import java.io.Serializable;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * One turn of a conversation.
 *
 * @param role {@code system}, {@code user}, {@code assistant} or {@code tool}
 * @param content the text; empty for a turn that only calls tools
 * @param extra further JSON-like fields the template may read: {@code name}, {@code tool_calls},
 *     {@code reasoning_content}. A {@code content} in here (such as a list of parts) replaces
 *     {@link #content}. The map is copied
 */
public record Message(String role, String content, Map<String, Object> extra)
    implements Serializable {

  public Message {
    extra = new LinkedHashMap<>(extra); // keeps order and JSON's nulls, unlike Map.copyOf
  }

  public static Message of(String role, String content) {
    return new Message(role, content, Map.of());
  }

  /**
   * A message as a dataset holds it.
   *
   * @param fields JSON-like; {@code role} must be a text; a {@code content} of another type stays
   *     an extra field, and a missing one becomes an extra field with null
   */
  public static Message ofFields(Map<String, Object> fields) {
    Map<String, Object> extra = new LinkedHashMap<>(fields);
    String role = (String) extra.remove("role");
    extra.putIfAbsent("content", null); // so that templates can tell no content from an empty text
    String content = extra.get("content") instanceof String ? (String) extra.remove("content") : "";
    return new Message(role, content, extra);
  }

  /**
   * The message as a template reads it. As in transformers, null fields are left out, and reasoning
   * under any of its three names is set as {@code reasoning_content} and {@code thinking}.
   */
  Map<String, Object> fields() {
    Map<String, Object> fields = new LinkedHashMap<>();
    fields.put("role", role);
    fields.put("content", content);
    fields.putAll(extra);
    fields.values().removeIf(value -> value == null);
    for (String name : new String[] {"reasoning_content", "thinking", "reasoning"}) {
      Object reasoning = fields.get(name);
      if (reasoning != null) {
        Map<String, Object> aliased = new LinkedHashMap<>(); // its order shows in tojson
        aliased.put("thinking", reasoning);
        aliased.putAll(fields);
        aliased.put("reasoning_content", reasoning);
        return aliased;
      }
    }
    return fields;
  }
}
