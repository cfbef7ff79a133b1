package org.sparklora.text;

import java.util.Locale;

/** A chat template that is blank, malformed, too costly, or refuses a conversation. */
public final class ChatTemplateException extends RuntimeException {
  private static final long serialVersionUID = 1;

  ChatTemplateException(Throwable cause, String format, Object... arguments) {
    super(String.format(Locale.ROOT, format, arguments), cause);
  }
}
