package org.sparklora.text.jinja;

import java.util.Set;
import org.sparklora.text.jinja.value.JinjaException;

/**
 * A piece of a template.
 *
 * @param text the source text; for strings the value, escapes resolved
 * @param line from 1
 */
record Token(Kind kind, String text, int line) {

  enum Kind {
    DATA,
    BLOCK_BEGIN,
    BLOCK_END,
    VARIABLE_BEGIN,
    VARIABLE_END,
    NAME,
    STRING,
    INTEGER,
    FLOAT,
    OPERATOR,
    END
  }

  /** Whether the token is this name or operator. */
  boolean is(String word) {
    return isOneOf(Set.of(word));
  }

  boolean isOneOf(Set<String> words) {
    return (kind == Kind.NAME || kind == Kind.OPERATOR) && words.contains(text);
  }

  /** The token as error messages name it. */
  String described() {
    return switch (kind) {
      case END -> "the end of the template";
      case BLOCK_END, VARIABLE_END -> "the end of the tag";
      default -> "'" + text + "'";
    };
  }

  /** The value of an {@code INTEGER}. */
  long integer() {
    try {
      return Long.parseLong(text);
    } catch (NumberFormatException e) {
      throw new JinjaException(line, "The number %s is beyond 64 bits", text);
    }
  }

  /** The error for a token that is not allowed in its place. */
  JinjaException unexpected() {
    return new JinjaException(line, "Unexpected " + described());
  }
}
