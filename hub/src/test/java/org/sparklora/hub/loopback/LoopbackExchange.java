package org.sparklora.hub.loopback;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.hub.loopback.LoopbackFaults.Kind;

/** One request and its answer. */
final class LoopbackExchange {
  static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern RANGE = Pattern.compile("bytes=(\\d+)-(\\d*)");

  private final HttpExchange http;
  private final LoopbackFaults faults;
  private final String named;

  LoopbackExchange(String server, HttpExchange http, LoopbackFaults faults) {
    this.http = http;
    this.faults = faults;
    this.named = method() + " " + path();
    faults.saw(
        new LoopbackFaults.Request(
            server, method(), path(), requestHeader("Range"), requestHeader("Authorization")));
  }

  String method() {
    return http.getRequestMethod();
  }

  /** Decoded, without the query. */
  String path() {
    return http.getRequestURI().getPath();
  }

  /** As it was sent: a slash of a revision is still encoded. */
  String rawPath() {
    return http.getRequestURI().getRawPath();
  }

  String query() {
    return Optional.ofNullable(http.getRequestURI().getQuery()).orElse("");
  }

  String requestHeader(String name) {
    return Optional.ofNullable(http.getRequestHeaders().getFirst(name)).orElse("");
  }

  byte[] body() throws IOException {
    return http.getRequestBody().readAllBytes();
  }

  JsonNode json() throws IOException {
    return JSON.readTree(body());
  }

  LoopbackExchange header(String name, String value) {
    http.getResponseHeaders().set(name, value);
    return this;
  }

  /** Answers the failures that befall the request before it is looked at; whether it did. */
  boolean failedAtOnce() throws IOException {
    Optional<Integer> wait = faults.take(Kind.RATE_LIMIT, named);
    if (wait.isPresent()) {
      header("Retry-After", wait.get().toString());
      error(429, "", "slow down");
      return true;
    }
    Optional<Integer> back = faults.take(Kind.BACK_AT, named);
    if (back.isPresent()) {
      ZonedDateTime date = ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(back.get());
      header("Retry-After", DateTimeFormatter.RFC_1123_DATE_TIME.format(date));
      error(503, "", "back soon");
      return true;
    }
    Optional<Integer> status = faults.take(Kind.STATUS, named);
    if (status.isPresent()) {
      error(status.get(), "", "told to fail");
    }
    return status.isPresent();
  }

  void answer(JsonNode json) throws IOException {
    header("Content-Type", "application/json");
    send(200, json.toString().getBytes(StandardCharsets.UTF_8));
  }

  /** The hub's way to say what is wrong. */
  void error(int status, String code, String message) throws IOException {
    if (!code.isEmpty()) {
      header("X-Error-Code", code);
    }
    header("X-Error-Message", message);
    header("Content-Type", "application/json");
    send(
        status,
        JSON.createObjectNode().put("error", message).toString().getBytes(StandardCharsets.UTF_8));
  }

  void redirect(int status, String location) throws IOException {
    header("Location", location);
    send(status, new byte[0]);
  }

  /** A file's contents, or the range of them that was asked for. */
  void content(byte[] bytes) throws IOException {
    header("Accept-Ranges", "bytes");
    byte[] sent = bytes;
    if (faults.take(Kind.CORRUPT, named).isPresent()) {
      sent = bytes.clone();
      sent[sent.length / 2] ^= 1;
    }
    Matcher range = RANGE.matcher(requestHeader("Range"));
    if (!range.matches() || faults.take(Kind.WHOLE, named).isPresent()) {
      send(200, sent);
      return;
    }
    int start = Integer.parseInt(range.group(1));
    int end =
        range.group(2).isEmpty()
            ? sent.length
            : Math.min(sent.length, Integer.parseInt(range.group(2)) + 1);
    if (start >= sent.length) {
      error(416, "", "range beyond the end");
      return;
    }
    header("Content-Range", "bytes %d-%d/%d".formatted(start, end - 1, sent.length));
    send(206, Arrays.copyOfRange(sent, start, end));
  }

  private static void pause() throws InterruptedIOException {
    try {
      Thread.sleep(20);
    } catch (InterruptedException e) {
      throw new InterruptedIOException();
    }
  }

  void send(int status, byte[] bytes) throws IOException {
    if (faults.take(Kind.LOSE_ANSWER, named).isPresent()) {
      http.close();
      return;
    }
    if (method().equals("HEAD")) {
      header("Content-Length", Integer.toString(bytes.length));
      http.sendResponseHeaders(status, -1);
      http.close();
      return;
    }
    if (faults.take(Kind.ENDLESS, named).isPresent()) {
      http.sendResponseHeaders(status, 0);
      while (true) { // until the client leaves, which is an IOException
        http.getResponseBody().write(new byte[1 << 16]);
      }
    }
    http.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    OutputStream out = http.getResponseBody();
    Optional<Integer> drop = faults.take(Kind.DROP, named);
    Optional<Integer> stall = faults.take(Kind.STALL, named);
    Optional<Integer> drip = faults.take(Kind.DRIP, named);
    int whole = drop.or(() -> stall).or(() -> drip).orElse(bytes.length);
    out.write(bytes, 0, Math.min(whole, bytes.length));
    out.flush();
    for (int i = whole; drip.isPresent() && i < bytes.length - 1; i++) { // the last never comes
      pause();
      out.write(bytes[i]);
      out.flush();
    }
    if (stall.isPresent() || drip.isPresent()) {
      return; // an exchange that is not closed stays open
    }
    http.close(); // with bytes missing, the connection breaks
  }
}
