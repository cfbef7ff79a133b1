package org.sparklora.text.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;

/** What the components of tokenizer.json have in common: token ids, and limits. */
final class Components {
  /**
   * The greatest token id, some sixteen times those of the largest vocabularies: tables by id have
   * as many entries.
   */
  private static final int MAX_ID = (1 << 22) - 1;

  private Components() {}

  /** A token id, or another small number. */
  static int id(JsonFields json, String key, JsonNode value) {
    return json.whole(key, value, 0, MAX_ID);
  }

  static int number(JsonFields json, String key, int byDefault) {
    return json.whole(key, 0, MAX_ID).orElse(byDefault);
  }

  /** The complaint about something that this project does not do. */
  static CheckpointException unsupported(JsonFields json, String what) {
    return new CheckpointException(
        "Cannot use %s of %s in %s: not supported; take a tokenizer of the Llama 3, Qwen or SmolLM kind, or tokenize elsewhere and train on input_ids",
        what, json.name(), json.file());
  }

  /** The complaint about the component's own type. */
  static CheckpointException unsupportedType(JsonFields json) {
    return unsupported(json, "type " + json.required("type"));
  }
}
