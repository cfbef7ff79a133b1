package org.sparklora.pipeline.config;

import java.nio.file.FileSystemException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** The causes of an exception, and the first line of its message. Stateless and thread-safe. */
public final class RootCause {
  private RootCause() {}

  /** The innermost cause of a failure; the failure itself if it has no cause. */
  public static Throwable of(Throwable failure) {
    List<Throwable> chain = chain(failure);
    return chain.get(chain.size() - 1);
  }

  /** The failure, its cause, that cause's cause and so on; ends before an exception repeats. */
  public static List<Throwable> chain(Throwable failure) {
    Set<Throwable> seen = Collections.newSetFromMap(new IdentityHashMap<>());
    List<Throwable> chain = new ArrayList<>();
    for (Throwable cause = failure; cause != null && seen.add(cause); cause = cause.getCause()) {
      chain.add(cause);
    }
    return chain;
  }

  /** The outermost exception of a type in the chain, if any. */
  public static <T extends Throwable> Optional<T> find(Throwable failure, Class<T> type) {
    return chain(failure).stream().filter(type::isInstance).map(type::cast).findFirst();
  }

  /** The reason of a failure, for some of which the JDK's message is only the file or missing. */
  public static String reason(Exception failure) {
    if (failure instanceof FileSystemException ofFile && ofFile.getReason() != null) {
      return ofFile.getReason();
    }
    return failure instanceof FileSystemException || failure.getMessage() == null
        ? failure.getClass().getSimpleName().replace("Exception", "")
        : failure.getMessage();
  }

  /** The first line of an exception's message; {@code "null"} if the exception has no message. */
  public static String firstLine(Throwable failure) {
    return firstLine(String.valueOf(failure.getMessage()), "");
  }

  /** The first line of a text; {@code otherwise} for a text without characters. */
  public static String firstLine(String text, String otherwise) {
    return text.lines().findFirst().orElse(otherwise);
  }
}
