package org.sparklora.hub;

import org.sparklora.hub.HubException.Kind;

/**
 * A user access token. Only the authorization header carries its text: {@link #toString} hides it,
 * so that no log, manifest or message shows it by accident. Not serialisable, so that the token
 * stays on its machine.
 */
public final class HubToken {
  private static final String HIDDEN = "(hidden)";

  private final String text;

  private HubToken(String text) {
    this.text = text;
  }

  /**
   * Takes the token that the user gave, without surrounding space, a copying mistake.
   *
   * @throws HubException if the token is empty or has characters that no header can carry
   */
  public static HubToken of(String text) {
    String stripped = text.strip();
    if (stripped.isEmpty() || !stripped.chars().allMatch(c -> c > ' ' && c < 127)) {
      throw Kind.BAD_TOKEN.error(
          "Cannot use the hub token: it is empty or holds spaces or control characters; copy it again from the hub's settings");
    }
    return new HubToken(stripped);
  }

  /** The value of the header {@code Authorization}. */
  String authorization() {
    return "Bearer " + text;
  }

  /** The message with each occurrence of the token hidden. */
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
