package org.sparklora.train.vllm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.StreamSupport;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;

/**
 * Answers as a vLLM server does, in this process, and fails as one may: the answers' form was taken
 * from vLLM 0.32. What it draws comes from a function.
 */
public final class VllmStandIn implements AutoCloseable {
  /** Draws completions for the stand-in. */
  public interface Drawing {
    /**
     * @param adapter the folder of the adapter that was asked for; null for the base model
     */
    List<Completion> draw(Path adapter, Prompt prompt, SamplingConfig sampling);
  }

  /** What goes wrong with a request for completions. */
  public enum Fault {
    NONE,
    /** Status 500. */
    ERROR,
    /** Status 503, with {@link #retryAfter}. */
    BUSY,
    /** The connection ends in the middle of the answer. */
    BROKEN,
    /** No JSON. */
    GARBAGE,
    /** JSON of another request's completions. */
    OTHERS,
    /** No answer, to anything, from now on. */
    SILENCE
  }

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpServer server;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Drawing drawing;
  private final Map<String, Path> adapters = new ConcurrentHashMap<>();
  private final AtomicInteger requests = new AtomicInteger();

  /** All that was loaded and unloaded, in order: {@code load policy-…}. */
  public final List<String> history = new CopyOnWriteArrayList<>();

  /** The bodies of the requests for completions. */
  public final List<JsonNode> asked = new CopyOnWriteArrayList<>();

  /** The fault of a request for completions by its number, from 0. */
  public volatile IntFunction<Fault> faults = number -> Fault.NONE;

  /** Header of the answer of a busy server; the empty string for none. */
  public volatile String retryAfter = "";

  /** Most tokens of any completion: {@code max_new_tokens} of --override-generation-config. */
  public volatile int maxNewTokens = Integer.MAX_VALUE;

  public volatile int maxLength = 4096;
  public volatile int maxRank = 64;
  public volatile boolean updatesAdapters = true;

  /** Number of the next requests to load an adapter that end with status 500. */
  public final AtomicInteger failingLoads = new AtomicInteger();

  /** Whether the folders of adapters are seen from here. */
  public volatile boolean seesAdapters = true;

  /** Whether the base answers for models that are not known: VLLM_SKIP_MODEL_NAME_VALIDATION. */
  public volatile boolean answersForOthers;

  public volatile String base = "base";
  private volatile boolean silent;

  /** Runs at each request for its health. */
  public volatile Runnable onProbe = () -> {};

  /** What {@code /tokenize} answers. */
  public volatile java.util.function.Function<String, int[]> tokens;

  public VllmStandIn(Drawing drawing, java.util.function.Function<String, int[]> tokens)
      throws IOException {
    this.drawing = drawing;
    this.tokens = tokens;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext("/", this::answer);
    server.start();
  }

  public String url() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** Requests for completions so far. */
  public int requests() {
    return requests.get();
  }

  /** As after a restart. */
  public void forgetAdapters() {
    adapters.clear();
  }

  /** The names of the loaded adapters. */
  public List<String> adapters() {
    return List.copyOf(adapters.keySet());
  }

  private void answer(HttpExchange http) throws IOException {
    try (http) {
      JsonNode body = JSON.readTree(http.getRequestBody().readAllBytes());
      if (http.getRequestURI().getPath().equals("/health")) {
        onProbe.run();
      }
      if (silent) {
        awaitClose();
        return;
      }
      switch (http.getRequestURI().getPath()) {
        case "/health" -> send(http, 200, "");
        case "/v1/models" -> send(http, 200, models().toString());
        case "/tokenize" -> {
          ArrayNode ids = JSON.createArrayNode();
          IntStream.of(tokens.apply(body.path("prompt").asText())).forEach(ids::add);
          send(http, 200, JSON.createObjectNode().set("tokens", ids).toString());
        }
        case "/v1/load_lora_adapter" -> load(http, body);
        case "/v1/unload_lora_adapter" -> {
          String name = body.path("lora_name").asText();
          boolean known = adapters.remove(name) != null;
          history.add("unload " + name);
          if (known) {
            send(http, 200, "Success: LoRA adapter '%s' removed successfully.".formatted(name));
          } else {
            error(http, 404, "The lora adapter '%s' cannot be found.".formatted(name));
          }
        }
        case "/v1/completions" -> complete(http, body);
        default -> send(http, 404, "{\"detail\":\"Not Found\"}");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void awaitClose() throws InterruptedException {
    closed.await();
  }

  private ObjectNode models() {
    ObjectNode list = JSON.createObjectNode();
    ObjectNode model = list.putArray("data").addObject().put("id", base).put("root", "/m/" + base);
    model.putNull("parent").put("max_model_len", maxLength);
    adapters.forEach(
        (name, path) ->
            list.withArray("data")
                .addObject()
                .put("id", name)
                .put("root", path.toString())
                .put("parent", base));
    return list;
  }

  private void load(HttpExchange http, JsonNode body) throws IOException {
    String name = body.path("lora_name").asText();
    Path folder = Path.of(body.path("lora_path").asText());
    history.add("load " + name);
    if (failingLoads.getAndDecrement() > 0) {
      error(http, 500, "EngineCore encountered an issue");
    } else if (!updatesAdapters) {
      send(http, 404, "{\"detail\":\"Not Found\"}");
    } else if (adapters.containsKey(name)) {
      error(http, 400, "The lora adapter '%s' has already been loaded.".formatted(name));
    } else if (!seesAdapters || !Files.exists(folder.resolve("adapter_config.json"))) {
      error(http, 404, "Loading lora %s failed: No adapter found for %s".formatted(name, folder));
    } else {
      JsonNode config = JSON.readTree(folder.resolve("adapter_config.json").toFile());
      int rank = config.path("r").asInt();
      for (JsonNode other : config.path("rank_pattern")) {
        rank = Math.max(rank, other.asInt());
      }
      if (rank > maxRank) {
        String why =
            "Call to add_lora method failed: LoRA rank %s is greater than max_lora_rank %s.";
        error(http, 500, why.formatted(rank, maxRank));
        return;
      }
      adapters.put(name, folder);
      send(http, 200, "Success: LoRA adapter '%s' added successfully.".formatted(name));
    }
  }

  private void complete(HttpExchange http, JsonNode body) throws IOException, InterruptedException {
    asked.add(body);
    Fault fault = faults.apply(requests.getAndIncrement());
    String wanted = body.path("model").asText();
    String model = adapters.containsKey(wanted) ? wanted : base;
    if (!wanted.equals(model) && !answersForOthers) {
      error(http, 404, "The model `%s` does not exist.".formatted(wanted));
      return;
    }
    switch (fault) {
      case ERROR -> error(http, 500, "EngineCore encountered an issue");
      case BUSY -> {
        if (!retryAfter.isEmpty()) {
          http.getResponseHeaders().set("Retry-After", retryAfter);
        }
        error(http, 503, "Too many requests are waiting");
      }
      case GARBAGE -> send(http, 200, "<html>busy</html>");
      case SILENCE -> {
        silent = true;
        awaitClose();
      }
      case BROKEN -> {
        byte[] bytes = drawn(body, model, 0).toString().getBytes(StandardCharsets.UTF_8);
        http.sendResponseHeaders(200, bytes.length);
        http.getResponseBody().write(bytes, 0, bytes.length / 2);
        http.getResponseBody().flush();
      }
      case OTHERS -> send(http, 200, drawn(body, model, 1).toString());
      case NONE -> send(http, 200, drawn(body, model, 0).toString());
    }
  }

  private ObjectNode drawn(JsonNode body, String model, int shift) {
    int[] tokens =
        StreamSupport.stream(body.path("prompt").spliterator(), false)
            .mapToInt(JsonNode::asInt)
            .toArray();
    tokens[0] += shift;
    int n = body.path("n").asInt();
    SamplingRule rule =
        new SamplingRule(
            body.path("temperature").floatValue(),
            body.path("top_k").asInt(),
            body.path("top_p").floatValue(),
            body.path("min_p").floatValue(),
            body.path("repetition_penalty").floatValue());
    List<Integer> ends = new ArrayList<>();
    body.path("stop_token_ids").forEach(token -> ends.add(token.asInt()));
    SamplingConfig sampling =
        new SamplingConfig(
            n,
            Math.min(body.path("max_tokens").asInt(), maxNewTokens),
            rule,
            java.util.Set.copyOf(ends),
            body.path("seed").asLong());
    ObjectNode answer = JSON.createObjectNode().put("model", model);
    ArrayNode choices = answer.putArray("choices");
    for (Completion one : drawing.draw(adapters.get(model), new Prompt(0, tokens), sampling)) {
      boolean ended = one.stopReason() == Completion.StopReason.EOS;
      ObjectNode choice = choices.addObject().put("index", one.index()).put("text", "…");
      choice.put("finish_reason", ended ? "stop" : "length");
      IntStream.of(one.tokens()).forEach(choice.putArray("token_ids")::add);
      IntStream.of(tokens).forEach(choice.putArray("prompt_token_ids")::add);
      ArrayNode logProbs = choice.putObject("logprobs").putArray("token_logprobs");
      for (float logProb : one.logProbs()) {
        logProbs.add(logProb);
      }
    }
    return answer;
  }

  private static void error(HttpExchange http, int status, String message) throws IOException {
    ObjectNode error = JSON.createObjectNode();
    error.putObject("error").put("message", message).put("code", status);
    send(http, status, error.toString());
  }

  private static void send(HttpExchange http, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    http.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    http.getResponseBody().write(bytes);
  }

  /** Ends at once, as a process that is killed. */
  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
