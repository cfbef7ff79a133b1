package org.sparklora.model.generate;

import java.util.ArrayList;
import java.util.List;
import org.sparklora.model.engine.Branch.Run;

/** The pages of a {@link KvCache} that hold a text's keys and values, in the order of the text. */
final class CachedText {
  private final KvCache cache;
  private final List<Run> pages = new ArrayList<>();
  private int users;

  /**
   * @param users number of completions that {@link #release} the text; the last one frees its pages
   */
  CachedText(KvCache cache, int users) {
    this.cache = cache;
    this.users = users;
  }

  /** Takes pages until there are enough for {@code tokens} tokens. */
  void reserve(int tokens) {
    while (pages.size() * KvCache.PAGE < tokens) {
      pages.add(cache.take());
    }
  }

  /** The slot of a token's key and value; its page must be reserved. */
  int slot(int token) {
    return pages.get(token / KvCache.PAGE).start() + token % KvCache.PAGE;
  }

  /** All pages of the text, at full length. */
  List<Run> pages() {
    return pages;
  }

  /** The slots of the first {@code tokens} tokens. */
  List<Run> slots(int tokens) {
    List<Run> runs = new ArrayList<>();
    for (int from = 0; from < tokens; from += KvCache.PAGE) {
      runs.add(new Run(slot(from), Math.min(KvCache.PAGE, tokens - from)));
    }
    return runs;
  }

  void release() {
    users--;
    if (users == 0) {
      pages.forEach(cache::giveBack);
    }
  }
}
