package org.sparklora.hub.loopback;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/** What shall go wrong, and what was asked. Thread-safe. */
public final class LoopbackFaults {
  private final List<Fault> waiting = new ArrayList<>();
  private final List<Request> requests = new ArrayList<>();

  /** What goes wrong. */
  public enum Kind {
    /** Status {@code value}. */
    STATUS,
    /** Status 429, to be asked again after {@code value} seconds. */
    RATE_LIMIT,
    /** Status 503, to be asked again at a date {@code value} seconds from now. */
    BACK_AT,
    /** The connection breaks after {@code value} bytes of the body. */
    DROP,
    /** The body falls silent after {@code value} bytes, until the client leaves. */
    STALL,
    /**
     * After {@code value} bytes of the body one byte comes at a time, and the last one never, until
     * the client leaves.
     */
    DRIP,
    /** The body never ends, whatever was asked for. */
    ENDLESS,
    /** A byte of the body is another. */
    CORRUPT,
    /** A range is not heeded. */
    WHOLE,
    /** All is done as asked for, but the connection breaks before the answer. */
    LOSE_ANSWER
  }

  /**
   * @param path of the requests it befalls
   * @param times how many of them
   */
  private record Fault(Kind kind, Pattern path, int value, int times) {}

  /**
   * A request as it came.
   *
   * @param server {@code hub} or {@code storage}
   * @param range the {@code Range} header, or the empty string
   * @param authorization the {@code Authorization} header, or the empty string
   */
  public record Request(
      String server, String method, String path, String range, String authorization) {}

  /** Lets the next so many requests fail, whose method and path, as {@code GET /a/b}, match. */
  public synchronized void add(Kind kind, String pathPattern, int value, int times) {
    waiting.add(new Fault(kind, Pattern.compile(pathPattern), value, times));
  }

  static Kind kind(String name) {
    return Kind.valueOf(name.toUpperCase(Locale.ROOT));
  }

  /** All requests so far. */
  public synchronized List<Request> requests() {
    return List.copyOf(requests);
  }

  public synchronized void clear() {
    requests.clear();
    waiting.clear();
  }

  synchronized void saw(Request request) {
    requests.add(request);
  }

  /** The value of the fault that a request suffers, if any. */
  synchronized Optional<Integer> take(Kind kind, String methodAndPath) {
    for (Iterator<Fault> all = waiting.iterator(); all.hasNext(); ) {
      Fault fault = all.next();
      if (fault.kind() == kind && fault.path().matcher(methodAndPath).find()) {
        all.remove();
        if (fault.times() > 1) {
          waiting.add(new Fault(kind, fault.path(), fault.value(), fault.times() - 1));
        }
        return Optional.of(fault.value());
      }
    }
    return Optional.empty();
  }
}
