package org.sparklora.hub;

import java.util.Locale;

/** A download from the hub or an upload to it failed. The message says what to do. */
public final class HubException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** The reason of the failure. */
  public enum Kind {
    /** The repository's owner gives access on request only. */
    GATED,
    /** The repository does not exist, or is private and closed to the token. */
    NO_REPOSITORY,
    /** The repository has no such branch, tag or commit. */
    NO_REVISION,
    /** The revision has no such file. */
    NO_FILE,
    /** The client is offline, and the cache lacks the file or revision. */
    OFFLINE,
    /** The hub does not know the token. */
    BAD_TOKEN,
    /** The token does not allow the request. */
    FORBIDDEN,
    /** The hub limits requests beyond all retries, or for more than {@link RetryPause#LONGEST}. */
    RATE_LIMITED,
    /** Another commit was made first, or the name is taken. */
    CONFLICT,
    /** The server failed, or its answer cannot be used. */
    SERVER,
    /** The server cannot be reached, or a setting of the connection cannot be used. */
    UNREACHABLE,
    /** A file has other bytes than the hub announced, or an unsafe name. */
    DAMAGED,
    /** A local file or folder cannot be read or written, or its disk is full. */
    CACHE;

    /** An error of this kind; the message is {@code format}, filled in by {@link String#format}. */
    HubException error(String format, Object... arguments) {
      return error(null, format, arguments);
    }

    HubException error(Throwable cause, String format, Object... arguments) {
      return new HubException(this, String.format(Locale.ROOT, format, arguments), cause);
    }
  }

  private HubException(Kind kind, String message, Throwable cause) {
    super(PlainText.of(message), cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** Whether the cache may be used instead: the hub was not reached, or could not answer. */
  boolean isNoAnswer() {
    return kind == Kind.UNREACHABLE || kind == Kind.SERVER || kind == Kind.RATE_LIMITED;
  }
}
