package org.sparklora.text.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.OptionalInt;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;

/** Checks shared by the components of tokenizer.json: ids, limits, unsupported values. */
final class Components {
  /**
   * The largest token id, about sixteen times that of the largest vocabularies; it bounds the size
   * of tables indexed by id.
   */
  private static final int MAX_ID = (1 << 22) - 1;

  private Components() {}

  /** The type of a component; {@code "null"} if the component is missing or null. */
  static String type(JsonFields json) {
    return json.json().isObject() ? json.required("type") : "null";
  }

  /** A token id or another number from 0 to {@code MAX_ID}. */
  static int id(JsonFields json, String key, JsonNode value) {
    return json.whole(key, value, 0, MAX_ID);
  }

  static OptionalInt number(JsonFields json, String key) {
    return json.whole(key, 0, MAX_ID);
  }

  static CheckpointException unsupported(JsonFields json, String what) {
    return new CheckpointException(
        "Cannot use %s of %s in %s: not supported; take a tokenizer of a family in docs/models.md, or tokenize elsewhere and train on input_ids",
        what, json.name(), json.file());
  }

  static CheckpointException unsupportedType(JsonFields json) {
    return unsupported(json, "type " + json.required("type"));
  }
}
