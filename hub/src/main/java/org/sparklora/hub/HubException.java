package org.sparklora.hub;

/** Something of the hub cannot be had, or cannot be written to it. The message says what to do. */
public final class HubException extends IllegalArgumentException {
  private static final long serialVersionUID = 1L;

  private final Kind kind;

  /** Why. */
  public enum Kind {
    /** Its owner gives access on request only. */
    GATED,
    /** It does not exist, or is private and not ours. */
    NO_REPOSITORY,
    /** The repository has no such branch, tag or commit. */
    NO_REVISION,
    /** The revision has no such file. */
    NO_FILE,
    /** The hub may not be asked, and the cache lacks it. */
    OFFLINE,
    /** The hub does not know the token. */
    BAD_TOKEN,
    /** The token does not allow it. */
    FORBIDDEN,
    /** Too many requests, for longer than we wait. */
    RATE_LIMITED,
    /** Another commit came first. */
    CONFLICT,
    /** The server failed, or answered what is not understood. */
    SERVER,
    /** The server cannot be reached. */
    UNREACHABLE,
    /** What arrived is not what the hub said it would be. */
    DAMAGED,
    /** The cache's folder cannot be written. */
    CACHE
  }

  HubException(Kind kind, String message) {
    super(PlainText.of(message));
    this.kind = kind;
  }

  HubException(Kind kind, String message, Throwable cause) {
    super(PlainText.of(message), cause);
    this.kind = kind;
  }

  public Kind kind() {
    return kind;
  }

  /** Whether the cache may stand in: the hub was not reached, or could not answer. */
  boolean isNoAnswer() {
    return kind == Kind.UNREACHABLE || kind == Kind.SERVER || kind == Kind.RATE_LIMITED;
  }
}
