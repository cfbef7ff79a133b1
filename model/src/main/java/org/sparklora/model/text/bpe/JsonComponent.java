package org.sparklora.model.text.bpe;

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

  /** Whether the field is there and not null. */
  boolean has(String field) {
    return node.hasNonNull(field);
  }

  JsonComponent child(String field) {
    return new JsonComponent(node.path(field), name.isEmpty() ? field : name + "." + field, file);
  }

  List<JsonComponent> children(String field) {
    List<JsonComponent> children = new ArrayList<>();
    for (JsonNode child : node.path(field)) {
      children.add(
          new JsonComponent(child, "%s[%d]".formatted(child(field).name, children.size()), file));
    }
    return children;
  }

  String type() {
    return text("type");
  }

  String text(String field) {
    JsonNode value = node.path(field);
    if (!value.isTextual()) {
      throw new IllegalArgumentException(
          "Cannot read %s of %s in %s: expected a string, found %s; the file is damaged or newer than this reader"
              .formatted(field, name, file, value.isMissingNode() ? "nothing" : value));
    }
    return value.textValue();
  }

  boolean flag(String field, boolean absent) {
    return node.path(field).asBoolean(absent);
  }

  int number(String field, int absent) {
    return node.path(field).asInt(absent);
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
