package org.sparklora.text.bpe;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.stream.IntStream;
import org.sparklora.text.json.JsonFields;

/**
 * A {@code post_processor} of tokenizer.json: the special tokens around a text, and whether the
 * offsets of tokens leave out the spaces at their ends.
 *
 * @param before ids put before the text's ids
 * @param after ids put after the text's ids
 * @param trimOffsets whether a token's offsets leave out the spaces at its ends
 * @param prefixSpace whether the first token's offsets keep a single leading space, as inserted
 */
record SpecialTokenFrame(int[] before, int[] after, boolean trimOffsets, boolean prefixSpace) {
  private static final int[] NONE = {};
  private static final SpecialTokenFrame EMPTY = new SpecialTokenFrame(NONE, NONE, false, false);

  static SpecialTokenFrame read(JsonFields json) {
    return switch (Components.type(json)) {
      case "null" -> EMPTY;
      case "ByteLevel" ->
          new SpecialTokenFrame(
              NONE, NONE, json.flag("trim_offsets", true), json.flag("add_prefix_space", true));
      case "TemplateProcessing" -> template(json);
      case "Sequence" ->
          json.children("processors").stream()
              .map(SpecialTokenFrame::read)
              .reduce(EMPTY, SpecialTokenFrame::then);
      default -> throw Components.unsupportedType(json);
    };
  }

  /** This frame inside {@code outer}. */
  private SpecialTokenFrame then(SpecialTokenFrame outer) {
    return new SpecialTokenFrame(
        concat(outer.before, before),
        concat(after, outer.after),
        trimOffsets || outer.trimOffsets,
        outer.trimOffsets ? outer.prefixSpace : prefixSpace);
  }

  private static SpecialTokenFrame template(JsonFields json) {
    IntBuffer before = new IntBuffer();
    IntBuffer after = new IntBuffer();
    int sequences = 0;
    for (JsonFields item : json.children("single")) {
      if (item.has("Sequence")) {
        sequences++;
        continue;
      }
      String name = item.child("SpecialToken").required("id");
      JsonFields token = json.child("special_tokens").child(name);
      JsonNode ids = token.list("ids");
      if (ids.isEmpty()) {
        throw Components.unsupported(
            json, "special_tokens: \"" + name + "\", which has no ids there");
      }
      IntBuffer side = sequences == 0 ? before : after;
      ids.forEach(id -> side.add(Components.id(token, "ids", id)));
    }
    if (sequences != 1) {
      throw Components.unsupported(json, "a single template with " + sequences + " sequences");
    }
    return new SpecialTokenFrame(before.toArray(), after.toArray(), false, false);
  }

  static int[] concat(int[] a, int[] b) {
    return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
  }
}
