package org.sparklora.text.bpe;

import org.sparklora.text.json.JsonFields;

/**
 * A token found in the text as it stands, before anything is cut.
 *
 * @param special left out when decoding without special tokens
 */
record AddedToken(int id, String content, Search search, boolean special) {

  /**
   * How the token is looked for.
   *
   * @param singleWord only where no letter, digit or underscore touches it
   * @param lstrip takes the white space before it
   * @param rstrip takes the white space after it
   * @param normalized looked for after normalisation instead of before
   */
  record Search(boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized) {
    /** Anywhere in the text as it stands. */
    static final Search PLAIN = new Search(false, false, false, false);
  }

  static AddedToken read(JsonFields json) {
    if (!json.has("id")) {
      throw Components.unsupported(json, "a token without id");
    }
    Search search =
        new Search(
            json.flag("single_word", false),
            json.flag("lstrip", false),
            json.flag("rstrip", false),
            json.flag("normalized", true));
    return new AddedToken(
        Components.number(json, "id", -1),
        json.required("content"),
        search,
        json.flag("special", false));
  }

  AddedToken asSpecial() {
    Search raw = new Search(search.singleWord, search.lstrip, search.rstrip, false);
    return new AddedToken(id, content, raw, true);
  }
}
