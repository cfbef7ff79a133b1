package org.sparklora.text.bpe;

import org.sparklora.text.json.JsonFields;

/**
 * An added token, found in the text before the text is cut into pieces.
 *
 * @param special whether decoding without special tokens leaves the token out
 */
record AddedToken(int id, String content, Search search, boolean special) {

  /**
   * How text is searched for the token.
   *
   * @param singleWord whether the token counts only where no letter, digit or underscore touches it
   * @param lstrip whether the token takes the white space before it
   * @param rstrip whether the token takes the white space after it
   * @param normalized whether the normalised text is searched instead of the original
   */
  record Search(boolean singleWord, boolean lstrip, boolean rstrip, boolean normalized) {
    /** Finds the token anywhere in the original text. */
    static final Search PLAIN = new Search(false, false, false, false);
  }

  static AddedToken read(JsonFields json) {
    Search search =
        new Search(
            json.flag("single_word", false),
            json.flag("lstrip", false),
            json.flag("rstrip", false),
            json.flag("normalized", true));
    return new AddedToken(
        Components.number(json, "id").orElseThrow(() -> json.missing("id")),
        json.required("content"),
        search,
        json.flag("special", false));
  }

  AddedToken asSpecial() {
    Search raw = new Search(search.singleWord, search.lstrip, search.rstrip, false);
    return new AddedToken(id, content, raw, true);
  }
}
