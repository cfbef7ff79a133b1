package org.sparklora.text.bpe;

/** What {@code Split} does with what its pattern matched; names as in tokenizer.json. */
enum SplitBehavior {
  REMOVED,
  ISOLATED,
  MERGED_WITH_PREVIOUS,
  MERGED_WITH_NEXT,
  CONTIGUOUS;

  static SplitBehavior read(JsonComponent json) {
    return switch (json.text("behavior")) {
      case "Removed" -> REMOVED;
      case "Isolated" -> ISOLATED;
      case "MergedWithPrevious" -> MERGED_WITH_PREVIOUS;
      case "MergedWithNext" -> MERGED_WITH_NEXT;
      case "Contiguous" -> CONTIGUOUS;
      default -> throw json.unsupported("behavior " + json.text("behavior"));
    };
  }
}
