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
   * @param users who {@link #release} it: its pages are free when the last one did
   */
  CachedText(KvCache cache, int users) {
    this.cache = cache;
    this.users = users;
  }

  /** Takes pages for as many tokens. */
  void reserve(int tokens) {
    while (pages.size() * KvCache.PAGE < tokens) {
      pages.add(cache.take());
    }
  }

  /** Where a token's keys and values go; there must be a page for it. */
  int slot(int token) {
    return pages.get(token / KvCache.PAGE).start() + token % KvCache.PAGE;
  }

  /** All pages, whole ones. */
  List<Run> pages() {
    return pages;
  }

  /** The slots of the first tokens. */
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
