package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.locks.LockSupport;

/** As much of an MLflow server as a run speaks to. It appends each value that it is sent. */
final class FakeMlflow implements AutoCloseable {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** What the server has of a run. */
  static final class Run {
    final List<String> points = new ArrayList<>(); // key step timestamp value
    final Map<String, String> params = new LinkedHashMap<>();
    final Map<String, String> tags = new LinkedHashMap<>();
    String status = "RUNNING";
    boolean deleted;

    List<String> curve(String key) {
      return points.stream()
          .map(point -> point.split(" "))
          .filter(point -> point[0].equals(key))
          .map(point -> point[1] + " " + point[3])
          .toList();
    }
  }

  final Map<String, Run> runs = new LinkedHashMap<>();
  final Map<String, byte[]> files = new TreeMap<>();
  final List<String> calls = new ArrayList<>();
  final List<String> versions = new ArrayList<>();
  final List<String> authorizations = new ArrayList<>();

  /** So many batches are taken whose answers then are lost. */
  int answersToLose;

  /** So many requests are refused, with this status. */
  int failures;

  int failureStatus = 403;

  /** So does every answer from now on, from its second byte on. */
  Optional<Fault> fault = Optional.empty();

  /** Whether each page of a metric's history is the first, and names the same next one. */
  boolean ignoresPages;

  /** What an answer does that does not end. */
  enum Fault {
    STALL,
    DRIP,
    ENDLESS
  }

  private final HttpServer server;

  FakeMlflow() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::answer);
    server.setExecutor(Executors.newSingleThreadExecutor());
    server.start();
  }

  String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  Run only() {
    List<Run> active = runs.values().stream().filter(run -> !run.deleted).toList();
    if (active.size() != 1) {
      throw new AssertionError(active.size() + " runs");
    }
    return active.get(0);
  }

  private void answer(HttpExchange exchange) throws IOException {
    byte[] body = exchange.getRequestBody().readAllBytes();
    String path = exchange.getRequestURI().getPath();
    authorizations.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
    if (fault.isPresent()) {
      misbehave(exchange, fault.get());
      return;
    }
    if (failures > 0) {
      failures--;
      send(
          exchange,
          failureStatus,
          Map.of("error_code", "PERMISSION_DENIED", "message", "not\nyours"));
      return;
    }
    if (path.startsWith("/api/2.0/mlflow-artifacts/artifacts/")) {
      files.put(path.substring("/api/2.0/mlflow-artifacts/artifacts/".length()), body);
      send(exchange, 200, Map.of());
      return;
    }
    String call = path.replace("/api/2.0/mlflow/", "");
    calls.add(call);
    JsonNode asked = body.length == 0 ? query(exchange) : JSON.readTree(body);
    Object said = say(call, asked);
    if (call.equals("runs/log-batch") && answersToLose > 0) {
      answersToLose--;
      exchange.close();
      return;
    }
    send(exchange, said instanceof Missing ? 404 : 200, said);
  }

  /** Until the client leaves, which is an IOException. */
  private static void misbehave(HttpExchange exchange, Fault fault) throws IOException {
    exchange.sendResponseHeaders(200, fault == Fault.STALL ? 1000 : 0);
    OutputStream out = exchange.getResponseBody();
    out.write('{');
    out.flush();
    byte[] more = new byte[fault == Fault.ENDLESS ? 1 << 16 : 1];
    Arrays.fill(more, (byte) ' ');
    while (fault != Fault.STALL) {
      if (fault == Fault.DRIP) {
        LockSupport.parkNanos(20_000_000);
      }
      out.write(more);
      out.flush();
    }
  }

  private record Missing(String error_code, String message) {}

  private Object say(String call, JsonNode asked) {
    return switch (call) {
      case "experiments/get-by-name" -> new Missing("RESOURCE_DOES_NOT_EXIST", "no");
      case "experiments/create" -> Map.of("experiment_id", "7");
      case "runs/create" -> {
        String id = "run" + runs.size();
        Run run = new Run();
        runs.put(id, run);
        pairs(asked.path("tags"), run.tags);
        yield Map.of("run", json(id, run));
      }
      case "runs/get" -> {
        String id = asked.path("run_id").asText();
        yield runs.containsKey(id)
            ? Map.of("run", json(id, runs.get(id)))
            : new Missing("RESOURCE_DOES_NOT_EXIST", "Run '" + id + "' not found");
      }
      case "runs/search" -> {
        List<Object> found = new ArrayList<>();
        runs.forEach(
            (id, run) -> {
              String tag = run.tags.get(MlflowRun.LOG_ID);
              if (!run.deleted && asked.path("filter").asText().contains("'" + tag + "'")) {
                found.add(json(id, run));
              }
            });
        yield Map.of("runs", found);
      }
      case "metrics/get-history" -> history(asked);
      case "model-versions/search" -> Map.of("model_versions", versions);
      case "model-versions/create" -> {
        versions.add(asked.path("name").asText() + " " + asked.path("source").asText());
        yield Map.of("model_version", Map.of("version", "1"));
      }
      case "registered-models/create" -> Map.of();
      default -> change(call, asked);
    };
  }

  private Object change(String call, JsonNode asked) {
    Run run = runs.get(asked.path("run_id").asText());
    switch (call) {
      case "runs/log-batch" -> {
        asked
            .path("metrics")
            .forEach(
                m ->
                    run.points.add(
                        String.join(
                            " ",
                            m.path("key").asText(),
                            m.path("step").asText(),
                            m.path("timestamp").asText(),
                            m.path("value").asText())));
        pairs(asked.path("params"), run.params);
        pairs(asked.path("tags"), run.tags);
      }
      case "runs/update" -> run.status = asked.path("status").asText();
      case "runs/delete" -> run.deleted = true;
      default -> throw new IllegalArgumentException(call);
    }
    return Map.of();
  }

  /** One value a page. */
  private Object history(JsonNode asked) {
    List<Map<String, String>> values = new ArrayList<>();
    for (String point : runs.get(asked.path("run_id").asText()).points) {
      String[] words = point.split(" ");
      if (words[0].equals(asked.path("metric_key").asText())) {
        values.add(Map.of("key", words[0], "step", words[1], "timestamp", words[2]));
      }
    }
    int page = ignoresPages ? 0 : asked.path("page_token").asInt(0);
    return Map.of(
        "metrics",
        values.subList(page, Math.min(page + 1, values.size())),
        "next_page_token",
        page + 1 < values.size() ? String.valueOf(page + 1) : "");
  }

  private static Map<String, Object> json(String id, Run run) {
    List<Map<String, String>> keys =
        run.points.stream()
            .map(p -> p.split(" ")[0])
            .distinct()
            .map(k -> Map.of("key", k))
            .toList();
    return Map.of(
        "info",
        Map.of(
            "run_id", id, "experiment_id", "7", "artifact_uri", "mlflow-artifacts:/7/" + id + "/a"),
        "data",
        Map.of("metrics", keys, "params", list(run.params), "tags", list(run.tags)));
  }

  private static List<Map<String, String>> list(Map<String, String> pairs) {
    return pairs.entrySet().stream()
        .map(pair -> Map.of("key", pair.getKey(), "value", pair.getValue()))
        .toList();
  }

  private static void pairs(JsonNode list, Map<String, String> into) {
    list.forEach(pair -> into.put(pair.path("key").asText(), pair.path("value").asText()));
  }

  private static JsonNode query(HttpExchange exchange) {
    var asked = JSON.createObjectNode();
    for (String word : exchange.getRequestURI().getRawQuery().split("&")) {
      String[] pair = word.split("=", 2);
      asked.put(pair[0], URLDecoder.decode(pair[1], StandardCharsets.UTF_8));
    }
    return asked;
  }

  private static void send(HttpExchange exchange, int status, Object content) throws IOException {
    byte[] bytes = JSON.writeValueAsBytes(content);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
