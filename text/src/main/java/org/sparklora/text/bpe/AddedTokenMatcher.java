package org.sparklora.text.bpe;

import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Finds added tokens in text: leftmost first, the longest of those that start there. Thread-safe.
 *
 * <p>A trie over UTF-16 code units; where no token can start, the text is only skimmed.
 */
final class AddedTokenMatcher {

  /** Receives tokens and the text between them, from left to right. */
  interface Sink {
    void text(int start, int end);

    void token(int id, int start, int end);
  }

  private static final class Node {
    final Map<Character, Node> next = new HashMap<>();
    AddedToken token;
  }

  private final Node root = new Node();
  private final BitSet firstChars = new BitSet();

  /**
   * @param contents what to look for, one for each token: its content, normalised or not
   */
  AddedTokenMatcher(List<AddedToken> tokens, List<String> contents) {
    for (int i = 0; i < tokens.size(); i++) {
      String content = contents.get(i);
      if (content.isEmpty()) {
        continue;
      }
      firstChars.set(content.charAt(0));
      Node node = root;
      for (char c : content.toCharArray()) {
        node = node.next.computeIfAbsent(c, unused -> new Node());
      }
      if (node.token == null) {
        node.token = tokens.get(i);
      }
    }
  }

  /** Hands out all of {@code text[start, end)}, cut at the tokens. */
  void scan(String text, int start, int end, Sink sink) {
    int from = start;
    int i = start;
    while (i < end) {
      if (!firstChars.get(text.charAt(i))) {
        i++;
        continue;
      }
      Match match = longest(text, i, end);
      if (match.token == null) {
        i++;
        continue;
      }
      int tokenStart = i;
      i = match.end;
      AddedToken token = match.token;
      if (token.search().singleWord() && touchesWord(text, start, tokenStart, i, end)) {
        continue;
      }
      int tokenEnd = i;
      while (token.search().lstrip() && tokenStart > from && isSpace(text, tokenStart - 1)) {
        tokenStart--;
      }
      while (token.search().rstrip() && tokenEnd < end && isSpace(text, tokenEnd)) {
        tokenEnd++;
      }
      if (from < tokenStart) {
        sink.text(from, tokenStart);
      }
      sink.token(token.id(), tokenStart, tokenEnd);
      from = tokenEnd;
      i = Math.max(i, tokenEnd);
    }
    if (from < end) {
      sink.text(from, end);
    }
  }

  /** What was found; no token when nothing was. */
  private record Match(AddedToken token, int end) {}

  private static final Match NONE = new Match(null, -1);

  private Match longest(String text, int start, int end) {
    Match match = NONE;
    Node node = root;
    for (int i = start; i < end; i++) {
      node = node.next.get(text.charAt(i));
      if (node == null) {
        break;
      }
      if (node.token != null) {
        match = new Match(node.token, i + 1);
      }
    }
    return match;
  }

  private static boolean touchesWord(
      String text, int start, int tokenStart, int tokenEnd, int end) {
    return tokenStart > start && UnicodeClasses.isWord(text.codePointBefore(tokenStart))
        || tokenEnd < end && UnicodeClasses.isWord(text.codePointAt(tokenEnd));
  }

  private static boolean isSpace(String text, int i) {
    return UnicodeClasses.isWhitespace(text.charAt(i));
  }
}
