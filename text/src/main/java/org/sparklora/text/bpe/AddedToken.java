package org.sparklora.text.bpe;

import org.sparklora.text.json.JsonFields;

/**
 * A token found in the text as it stands, before anything is cut.
 *
 * @param singleWord only where no letter, digit or underscore touches it
 * @param lstrip takes the white space before it
 * @param rstrip takes the white space after it
 * @param normalized looked for after normalisation instead of before
 * @param special left out when decoding without special tokens
 */
record AddedToken(
    int id,
    String content,
    boolean singleWord,
    boolean lstrip,
    boolean rstrip,
    boolean normalized,
    boolean special) {

  static AddedToken read(JsonFields json) {
    if (!json.has("id")) {
      throw Components.unsupported(json, "a token without id");
    }
    return new AddedToken(
        Components.number(json, "id", -1),
        json.required("content"),
        json.flag("single_word", false),
        json.flag("lstrip", false),
        json.flag("rstrip", false),
        json.flag("normalized", true),
        json.flag("special", false));
  }

  AddedToken asSpecial() {
    return new AddedToken(id, content, singleWord, lstrip, rstrip, false, true);
  }
}
