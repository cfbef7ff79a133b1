package org.sparklora.text.jinja;

import java.util.List;
import org.sparklora.text.jinja.Token.Kind;
import org.sparklora.text.jinja.value.JinjaException;

/** The tokens of a template, read once from the front; also counts how deeply the parser nests. */
final class TokenStream {
  /** The deepest nesting: far beyond real templates, and within the smallest thread's stack. */
  private static final int MAX_DEPTH = 150;

  private final List<Token> tokens;
  private int at;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(at);
  }

  Token peekSecond() {
    return tokens.get(Math.min(at + 1, tokens.size() - 1));
  }

  Token next() {
    Token token = tokens.get(at);
    if (token.kind() != Kind.END) {
      at++;
    }
    return token;
  }

  /** Reads the next token if it is this name or operator. */
  boolean skip(String word) {
    boolean skips = peek().is(word);
    at += skips ? 1 : 0;
    return skips;
  }

  Token expect(Kind kind) {
    return expect(
        peek().kind() == kind,
        kind.toString().toLowerCase(java.util.Locale.ROOT).replace('_', ' '));
  }

  void expect(String word) {
    expect(peek().is(word), "'" + word + "'");
  }

  private Token expect(boolean met, String wanted) {
    if (!met) {
      throw new JinjaException(peek().line(), "Expected %s, found %s", wanted, peek().described());
    }
    return next();
  }

  void descend() {
    if (++depth > MAX_DEPTH) {
      throw new JinjaException(peek().line(), "The template nests more than %d levels", MAX_DEPTH);
    }
  }

  void ascend() {
    depth--;
  }
}
