package org.sparklora.hub;

/**
 * A user access token. Its text is seen by the header that carries it and by nobody else: {@link
 * #toString} hides it, so that no log, manifest or message can show it by accident. Not
 * serialisable either: it stays on the machine that was given it.
 */
public final class HubToken {
  private static final String HIDDEN = "(hidden)";

  private final String text;

  private HubToken(String text) {
    this.text = text;
  }

  /**
   * A token as the user gave it; surrounding space is a copying mistake.
   *
   * @throws HubException if it holds what no header can carry
   */
  public static HubToken of(String text) {
    String stripped = text.strip();
    if (stripped.isEmpty() || !stripped.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw new HubException(
          HubException.Kind.BAD_TOKEN,
          "Cannot use the hub token: it is empty or holds spaces or control characters; copy it again from the hub's settings");
    }
    return new HubToken(stripped);
  }

  /** The header's value. */
  String authorization() {
    return "Bearer " + text;
  }

  /** The text with each occurrence of the token hidden. */
  String redact(String message) {
    return message.replace(text, HIDDEN);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof HubToken token && token.text.equals(text);
  }

  @Override
  public int hashCode() {
    return text.hashCode();
  }

  @Override
  public String toString() {
    return HIDDEN;
  }
}
