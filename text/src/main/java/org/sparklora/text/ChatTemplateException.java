package org.sparklora.text;

/** A chat template that is missing, malformed, too costly, or refuses a conversation. */
public final class ChatTemplateException extends RuntimeException {
  private final boolean refused;

  ChatTemplateException(String message, boolean refused, Throwable cause) {
    super(message, cause);
    this.refused = refused;
  }

  /** Whether the template itself refused this conversation by {@code raise_exception}. */
  public boolean refused() {
    return refused;
  }
}
