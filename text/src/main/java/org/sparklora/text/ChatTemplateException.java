package org.sparklora.text;

/** A chat template that is missing, malformed, too costly, or refuses a conversation. */
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ChatTemplateException(Throwable cause, String format, Object... arguments) {
    super(format.formatted(arguments), cause);
  }
}
