package org.sparklora.model.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;

/**
 * The pages that hold a text's keys and values in the layers with one window, in the order of the
 * text, without the tokens that it has forgotten. A completion's text begins with that of its
 * prompt, which all completions of the prompt share. They have as many tokens at any time, so that
 * they forget its pages together.
 */
final class CachedText {
  private final KvCache.Pages cache;
  private final Optional<CachedText> beginning; // the prompt, of a completion
  private final int start; // tokens of the beginning
  private final List<Run> pages = new ArrayList<>();
  private int forgotten = 0; // number of pages before these
  private int users;
  private List<Run> kept = List.of(); // slots of the beginning, then all pages
  private int changes = 0; // at the time of kept

  private CachedText(KvCache.Pages cache, Optional<CachedText> beginning, int start, int users) {
    this.cache = cache;
    this.beginning = beginning;
    this.start = start;
    this.users = users;
  }

  /** A prompt; the last of {@code users} completions to {@link #release} it frees its pages. */
  CachedText(KvCache.Pages cache, int users) {
    this(cache, Optional.empty(), 0, users);
  }

  /** A completion after a prompt of {@code promptLength} tokens. */
  CachedText(CachedText prompt, int promptLength) {
    this(prompt.cache, Optional.of(prompt), promptLength, 1);
  }

  /** The pages that the text takes its own from. */
  KvCache.Pages cache() {
    return cache;
  }

  /** Gives back the pages that neither the last of {@code tokens} tokens nor a later one sees. */
  void forget(int tokens) {
    beginning.ifPresent(text -> text.forget(tokens));
    for (; start + (forgotten + 1) * KvCache.PAGE <= tokens - cache.window(); forgotten++) {
      if (!pages.isEmpty()) { // else they were never taken
        cache.giveBack(pages.remove(0));
      }
    }
  }

  /** Takes pages until there are enough for the first {@code tokens} tokens. */
  void reserve(int tokens) {
    while (reserved() < tokens) {
      pages.add(cache.take());
    }
  }

  /** The number of tokens that pages were taken for. */
  private int reserved() {
    return start + (forgotten + pages.size()) * KvCache.PAGE;
  }

  /** The slot of a token's key and value; its page must be reserved and not forgotten. */
  int slot(int token) {
    int own = token - start;
    return pages.get(own / KvCache.PAGE - forgotten).start() + own % KvCache.PAGE;
  }

  /** The slots of the first {@code tokens} tokens but those forgotten. */
  List<Run> slots(int tokens) {
    List<Run> runs = new ArrayList<>();
    beginning.ifPresent(text -> runs.addAll(text.slots(start)));
    for (int from = start + forgotten * KvCache.PAGE; from < tokens; from += KvCache.PAGE) {
      runs.add(new Run(slot(from), Math.min(KvCache.PAGE, tokens - from)));
    }
    return runs;
  }

  /** The keys that the last of {@code tokens} tokens sees. */
  Branch branch(int query, int tokens) {
    if (changes != changes()) { // once in a page
      changes = changes();
      kept = slots(reserved());
    }
    return new Branch(query, 1, kept, tokens - forgotten(tokens), cache.window()).part(0, 1);
  }

  /** A number that grows whenever a page is taken or forgotten. */
  private int changes() {
    return 2 * forgotten + pages.size() + beginning.map(CachedText::changes).orElse(0);
  }

  /** The number of tokens that are forgotten, of the first {@code tokens}. */
  private int forgotten(int tokens) {
    int own = Math.min(tokens - start, forgotten * KvCache.PAGE);
    return own + beginning.map(text -> text.forgotten(start)).orElse(0);
  }

  /** Ends one use of the text; the last one frees its pages, and ends a use of its beginning. */
  void release() {
    users--;
    if (users == 0) {
      pages.forEach(cache::giveBack);
      beginning.ifPresent(CachedText::release);
    }
  }
}
