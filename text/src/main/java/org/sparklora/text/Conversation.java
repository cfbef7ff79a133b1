package org.sparklora.text;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Messages in order, and further variables for the template.
 *
 * @param messages at least one
 * @param variables JSON-like values by name: {@code tools}, {@code documents}; copied
 */
public record Conversation(List<Message> messages, Map<String, Object> variables)
    implements Serializable {

  public Conversation {
    if (messages.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot render a conversation without messages; leave such rows out");
    }
    messages = new ArrayList<>(messages);
    variables = new TreeMap<>(variables);
  }
}
