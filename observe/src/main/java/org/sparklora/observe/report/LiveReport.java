package org.sparklora.observe.report;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.BindException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Semaphore;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * Serves the page of runs while they train, to browsers of this machine only.
 *
 * <pre>
 * /             the page
 * /events       server-sent events: the changes since the last one
 * /completions  some of a run's completions, as JSON
 * </pre>
 *
 * <p>No part of a request becomes a file path. A request for a host name other than localhost is
 * refused, so that a page of the internet whose name resolves to 127.0.0.1 learns nothing.
 */
public final class LiveReport implements AutoCloseable {
  private static final Pattern LOOPBACK =
      Pattern.compile("(localhost|127\\.0\\.0\\.1|\\[::1])(:\\d{1,5})?", Pattern.CASE_INSENSITIVE);

  /** Interval of heartbeats: one to a closed page fails, which frees the page's thread. */
  private static final long HEARTBEAT_MILLIS = 10_000;

  /** Largest number of open pages. */
  private static final int MOST_LISTENERS = 32;

  private static final int MOST_ROWS = 200;
  private static final int USUAL_ROWS = 25;

  private final String title;
  private final WatchedRuns watched;
  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool(LiveReport::daemon);
  private final Semaphore listeners = new Semaphore(MOST_LISTENERS);

  private LiveReport(String title, WatchedRuns watched, HttpServer server) {
    this.title = title;
    this.watched = watched;
    this.server = server;
  }

  /**
   * Starts the server.
   *
   * @param title of the page; empty for the runs' names
   * @param runs current logs, with distinct names
   * @param port 0 for a free one
   * @throws ConfigException if the port is taken
   */
  public static LiveReport start(
      Configuration hadoop, String title, List<String> folders, List<RunLog> runs, int port)
      throws IOException {
    InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), port);
    HttpServer server;
    try {
      server = HttpServer.create(address, 0);
    } catch (BindException e) {
      throw new ConfigException(
          Flags.PORT, port, "it is taken; choose another one, or 0 for any that is free");
    }
    String shown = title.isEmpty() ? RunReport.names(runs) : title;
    LiveReport report = new LiveReport(shown, new WatchedRuns(hadoop, folders, runs), server);
    server.createContext("/", report::answer);
    server.setExecutor(report.threads);
    server.start();
    report.threads.execute(report.watched::watch);
    return report;
  }

  private static Thread daemon(Runnable work) {
    Thread thread = new Thread(work, "report");
    thread.setDaemon(true);
    return thread;
  }

  /** The page's address for browsers of this machine. */
  public URI address() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort() + "/");
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdownNow();
  }

  private void answer(HttpExchange exchange) throws IOException {
    try (exchange) {
      Optional<String> host = Optional.ofNullable(exchange.getRequestHeaders().getFirst("Host"));
      if (host.filter(name -> LOOPBACK.matcher(name).matches()).isEmpty()) {
        refuse(exchange, 403, "Ask for 127.0.0.1 or localhost: other names are refused");
      } else if (!exchange.getRequestMethod().equals("GET")) {
        refuse(exchange, 405, "Only GET is answered");
      } else {
        switch (exchange.getRequestURI().getPath()) {
          case "/" -> send(exchange, 200, "text/html", RunPage.live(title, watched.state()));
          case "/events" -> events(exchange);
          case "/completions" -> completions(exchange);
          default -> refuse(exchange, 404, "There is nothing here; the page is at /");
        }
      }
    }
  }

  private static void refuse(HttpExchange exchange, int status, String why) throws IOException {
    send(exchange, status, "text/plain", why + "\n");
  }

  private static void send(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    headers(exchange, type);
    exchange.sendResponseHeaders(status, body.length);
    exchange.getResponseBody().write(body);
  }

  private static void headers(HttpExchange exchange, String type) {
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type + "; charset=utf-8");
    headers.set("Cache-Control", "no-store");
    headers.set("X-Content-Type-Options", "nosniff");
    headers.set("X-Frame-Options", "DENY");
    headers.set("Cross-Origin-Resource-Policy", "same-origin");
    headers.set("Referrer-Policy", "no-referrer");
  }

  /** Sends events; the first has the whole state, unless the page names its current version. */
  private void events(HttpExchange exchange) throws IOException {
    if (!listeners.tryAcquire()) {
      refuse(exchange, 503, "Too many pages are open; close some");
      return;
    }
    try {
      headers(exchange, "text/event-stream");
      exchange.sendResponseHeaders(200, 0);
      OutputStream out = exchange.getResponseBody();
      String seen = exchange.getRequestHeaders().getFirst("Last-Event-ID");
      String version = seen == null ? query(exchange).getOrDefault("version", "") : seen;
      PageState now = watched.state();
      PageState shown = now.version().equals(version) ? now : PageState.NOTHING;
      write(out, ": here\n\n");
      while (true) {
        PageState next = watched.await(shown, HEARTBEAT_MILLIS);
        if (next == shown) {
          write(out, ": still here\n\n");
        } else {
          String data = RunPage.json(next.since(shown));
          write(out, "id: %s\ndata: %s\n\n".formatted(next.version(), data));
          shown = next;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // the server closes
    } finally {
      listeners.release();
    }
  }

  private static void write(OutputStream out, String text) throws IOException {
    out.write(text.getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  private void completions(HttpExchange exchange) throws IOException {
    Map<String, String> query = query(exchange);
    RunCompletions.Found found;
    try {
      int run = Integer.parseInt(query.getOrDefault("run", "0"));
      long offset = Math.max(0, Long.parseLong(query.getOrDefault("offset", "0")));
      int limit = Integer.parseInt(query.getOrDefault("limit", "" + USUAL_ROWS));
      found =
          watched
              .completions()
              .get(run)
              .find(CompletionFilter.of(query), offset, Math.max(1, Math.min(limit, MOST_ROWS)));
    } catch (NumberFormatException | IndexOutOfBoundsException e) {
      refuse(exchange, 400, "Cannot use %s".formatted(e.getMessage()));
      return;
    }
    Map<String, Object> json =
        PageState.ordered(
            "matching", found.matching(),
            "more", found.more(),
            "rows", found.rows().stream().map(RunPage::row).toList());
    send(exchange, 200, "application/json", RunPage.json(json));
  }

  private static Map<String, String> query(HttpExchange exchange) {
    Map<String, String> query = new LinkedHashMap<>();
    String raw = Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
    for (String part : raw.split("&")) {
      int equals = part.indexOf('=');
      if (equals > 0) {
        query.put(
            part.substring(0, equals),
            URLDecoder.decode(part.substring(equals + 1), StandardCharsets.UTF_8));
      }
    }
    return query;
  }
}
