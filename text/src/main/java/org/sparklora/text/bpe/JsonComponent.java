package org.sparklora.text.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;

/**
 * One object of tokenizer.json together with where it stands, so that every complaint names the
 * component and the file.
 *
 * @param node the JSON object
 * @param name where in the file, {@code "pre_tokenizer.pretokenizers[0]"}
 * @param file the file, for messages
 */
record JsonComponent(JsonNode node, String name, String file) {
  /**
   * The greatest token id, some sixteen times those of the largest vocabularies: tables by id have
   * as many entries.
   */
  static final int MAX_ID = (1 << 22) - 1;

  /** Whether the field is there and not null. */
  boolean has(String field) {
    return node.hasNonNull(field);
  }

  JsonComponent child(String field) {
    return new JsonComponent(node.path(field), name.isEmpty() ? field : name + "." + field, file);
  }

  /** An object by its field; missing and null are left to the component to judge. */
  JsonComponent object(String field) {
    JsonComponent child = child(field);
    if (!child.node.isObject() && !child.isAbsent()) {
      throw child.damaged("an object", child.node);
    }
    return child;
  }

  /** Whether the component is missing or null. */
  boolean isAbsent() {
    return node.isMissingNode() || node.isNull();
  }

  /** The objects of a list, which must be there. */
  List<JsonComponent> children(String field) {
    List<JsonComponent> children = new ArrayList<>();
    for (JsonNode child : requiredList(field)) {
      JsonComponent component =
          new JsonComponent(child, "%s[%d]".formatted(child(field).name, children.size()), file);
      if (!child.isObject()) {
        throw component.damaged("an object", child);
      }
      children.add(component);
    }
    return children;
  }

  private JsonNode requiredList(String field) {
    if (!node.has(field)) {
      throw damaged(field, "a list", node.path(field));
    }
    return list(field);
  }

  /** A list, which is empty if it is missing. */
  JsonNode list(String field) {
    JsonNode list = node.path(field);
    if (!list.isArray() && !list.isMissingNode()) {
      throw damaged(field, "a list", list);
    }
    return list;
  }

  String type() {
    return text("type");
  }

  String text(String field) {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw damaged(field, "a string", value);
    }
    return value.textValue();
  }

  boolean flag(String field, boolean absent) {
    JsonNode value = node.path(field);
    if (!value.isBoolean() && !value.isMissingNode()) {
      throw damaged(field, "true or false", value);
    }
    return value.asBoolean(absent);
  }

  /** A whole number from 0 to {@link #MAX_ID}. */
  int number(String field, int absent) {
    JsonNode value = node.path(field);
    return value.isMissingNode() ? absent : id(field, value);
  }

  /** The token id, or another small number, that stands under a field of this component. */
  int id(String field, JsonNode value) {
    if (!value.isIntegralNumber() || !value.canConvertToInt()) {
      throw damaged(field, "a whole number", value);
    }
    if (value.intValue() < 0 || value.intValue() > MAX_ID) {
      throw damaged(field, "a number from 0 to %,d".formatted(MAX_ID), value);
    }
    return value.intValue();
  }

  private IllegalArgumentException damaged(String expected, JsonNode found) {
    return damage(name, expected, found);
  }

  /** The complaint about a field of another type than it should have. */
  IllegalArgumentException damaged(String field, String expected, JsonNode found) {
    return damage(field + (name.isEmpty() ? "" : " of " + name), expected, found);
  }

  private IllegalArgumentException damage(String where, String expected, JsonNode found) {
    return new IllegalArgumentException(
        "Cannot read %s in %s: expected %s, found %s; the file is damaged or newer than this reader"
            .formatted(where, file, expected, brief(found)));
  }

  /** A value as far as it fits into a line. */
  static String brief(JsonNode value) {
    if (value.isContainerNode() && value.size() > 3) {
      return value.isArray() ? "a list of " + value.size() : "an object of " + value.size();
    }
    String text = value.isMissingNode() ? "nothing" : value.toString();
    return text.length() <= 80 ? text : text.substring(0, 80) + "…";
  }

  /** The complaint about something that this project does not do. */
  IllegalArgumentException unsupported(String what) {
    return new IllegalArgumentException(
        "Cannot use %s of %s in %s: not supported; take a tokenizer of the Llama 3, Qwen or SmolLM kind, or tokenize elsewhere and train on input_ids"
            .formatted(what, name, file));
  }

  /** The complaint about the component's own type. */
  IllegalArgumentException unsupportedType() {
    return unsupported("type " + type());
  }
}
