package org.sparklora.text.bpe;

import org.sparklora.text.json.JsonFields;

/** What {@code Split} does with what its pattern matched; names as in tokenizer.json. */
enum SplitBehavior {
  REMOVED,
  ISOLATED,
  MERGED_WITH_PREVIOUS,
  MERGED_WITH_NEXT,
  CONTIGUOUS;

  static SplitBehavior read(JsonFields json) {
    return switch (json.required("behavior")) {
      case "Removed" -> REMOVED;
      case "Isolated" -> ISOLATED;
      case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> MERGED_WITH_NEXT;
      case "Contiguous" -> CONTIGUOUS;
      default -> throw Components.unsupported(json, "behavior " + json.required("behavior"));
    };
  }
}
