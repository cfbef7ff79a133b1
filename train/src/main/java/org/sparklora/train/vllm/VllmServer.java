package org.sparklora.train.vllm;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.sparklora.hub.BoundedBody;
import org.sparklora.hub.JsonHttp;
import org.sparklora.hub.PlainText;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.SplitMix64;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/**
 * One server of vLLM's OpenAI-compatible API. A method sends one request, and never sends it again.
 * Answers are bounded in time and length. A refusal is a {@link ConfigException} with the server's
 * address, status and words; a failure that may pass is an {@link IOException}.
 *
 * <p>Thread-safe.
 *
 * @param url without a slash at the end
 * @param key {@value #KEY}, which the server was started with; the empty string for none
 * @param timeout longest time from a request for completions to the end of its answer
 */
record VllmServer(String url, String key, Duration timeout) implements Serializable {
  /** The environment variable with the key. */
  static final String KEY = "VLLM_API_KEY";

  /** Longest time of an answer that computes nothing. */
  private static final Duration SOON = Duration.ofSeconds(10);

  /** Longest time in which a server loads an adapter from a network's file system. */
  private static final Duration LOADED = Duration.ofMinutes(2);

  /** The remedy if servers fail that worked. */
  static final String AGAIN =
      "run the command again, grpo with --%s true".formatted(Flags.RESUME_FROM_CHECKPOINT);

  private static final JsonHttp HTTP = new JsonHttp(SOON);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int LONGEST_MESSAGE = 300;

  /** Far above the bytes with which an answer describes one token. */
  private static final int BYTES_A_TOKEN = 512;

  private static final int NOT_FOUND = 404;

  /** Below 1 / vocabulary size, so that only the likeliest token is drawn: vLLM refuses 0. */
  private static final float LEAST_TOP_P = 1e-6f;

  VllmServer {
    key = key.strip(); // files of secrets end with a line break
    // Java's own error would show the header
    ConfigException.require(
        key.chars().allMatch(c -> c > ' ' && c < 127),
        KEY,
        "(hidden)",
        "it holds spaces or other characters that no header can carry; copy the key again");
  }

  /** The failure of a request that a busy server may answer later. */
  static final class BusyException extends IOException {
    private static final long serialVersionUID = 1L;

    /** The pause that the server asks for, at most as long as requests may take. */
    final Duration pause;

    BusyException(String message, Duration pause) {
      super(message);
      this.pause = pause;
    }
  }

  /** The server does not know the adapter that was asked for, perhaps after a restart. */
  static final class UnknownModelException extends IOException {
    private static final long serialVersionUID = 1L;

    UnknownModelException(String message) {
      super(message);
    }
  }

  /**
   * A model that a server offers.
   *
   * @param id the name by which it is asked for
   * @param root the path or repository that it was read from
   * @param isAdapter whether it is an adapter on another model
   * @param maxLength most tokens of prompt and completion; 0 if the server does not say
   */
  record Model(String id, String root, boolean isAdapter, int maxLength) {}

  /** Whether the server answers, and its engine is alive. */
  boolean isHealthy() {
    try {
      return HTTP.send(request("/health", SOON).GET().build(), BoundedBody.MOST_BYTES).isSuccess();
    } catch (IOException e) {
      return false;
    }
  }

  List<Model> models() throws IOException {
    String call = "/v1/models";
    JsonHttp.Answer answer = HTTP.send(request(call, SOON).GET().build(), BoundedBody.MOST_BYTES);
    List<Model> models = new ArrayList<>();
    for (JsonNode model : understood(answer, call, "is it vLLM's?").path("data")) {
      String id = model.path("id").asText();
      String root = model.path("root").asText();
      if (!PlainText.isPlain(id + root)) { // logs show both
        throw new IOException("offers a model whose name is not one line of plain text");
      }
      boolean isAdapter = model.hasNonNull("parent");
      models.add(new Model(id, root, isAdapter, model.path("max_model_len").asInt()));
    }
    return models;
  }

  /** The tokens of a text, without special ones around it. */
  int[] tokens(String model, String text) throws IOException {
    ObjectNode body = JSON.createObjectNode().put("model", model).put("prompt", text);
    JsonHttp.Answer answer = post("/tokenize", body.put("add_special_tokens", false), SOON);
    return VllmAnswer.ints(understood(answer, "/tokenize", "is it vLLM's?").path("tokens"));
  }

  /** Loads an adapter, which is asked for by its name from then on. */
  void load(String name, Path folder) throws IOException {
    String call = "/v1/load_lora_adapter";
    ObjectNode body = JSON.createObjectNode().put("lora_name", name);
    JsonHttp.Answer answer = post(call, body.put("lora_path", folder.toString()), LOADED);
    String said = message(answer);
    if (said.contains("add_lora method failed")) { // vLLM 0.32 refuses with status 500
      throw refused("it %s; %s".formatted(said(answer, call), remedy(answer)));
    }
    if (!said.contains("already been loaded")) {
      understood(answer, call, remedy(answer));
    }
  }

  private static String remedy(JsonHttp.Answer answer) {
    String said = message(answer);
    if (answer.status() == NOT_FOUND && !said.contains("dapter")) {
      return "start it with VLLM_ALLOW_RUNTIME_LORA_UPDATING=True in its environment and --enable-lora";
    }
    return said.contains("max_lora_rank")
        ? "start it with --max-lora-rank of at least this adapter's largest rank"
        : "it must run with --enable-lora, see the folder of --%s under the same path, and know the adapted layers"
            .formatted(Flags.VLLM_ADAPTER_DIR);
  }

  /** Unloads an adapter; does nothing if the server does not answer or does not know it. */
  void unload(String name) {
    try {
      post("/v1/unload_lora_adapter", JSON.createObjectNode().put("lora_name", name), SOON);
    } catch (IOException e) {
      // the server is down, and its adapters with it
    }
  }

  /**
   * The completions of a prompt. The same arguments ask for the same random numbers.
   *
   * @param policy draws them; the server is one of its servers
   * @throws UnknownModelException if the server has no such model, or another one answers
   */
  List<Completion> complete(VllmSampler policy, Prompt prompt, SamplingConfig sampling)
      throws IOException {
    String call = "/v1/completions";
    boolean greedy = sampling.rule().isGreedy(); // its completions are equal, and vLLM draws one
    SamplingConfig drawn = greedy ? sampling.withNumGenerations(1) : sampling;
    long tokens = prompt.tokens().length + (long) drawn.maxCompletionLength();
    long most = (1 << 16) + tokens * drawn.numGenerations() * BYTES_A_TOKEN;
    JsonHttp.Answer answer =
        HTTP.send(
            posted(call, body(policy.model(), prompt, drawn), timeout),
            (int) Math.min(most, Integer.MAX_VALUE - 8));
    if (answer.status() == NOT_FOUND) {
      throw new UnknownModelException(said(answer, call));
    }
    JsonNode json = understood(answer, call, "compare its settings with this run's");
    String answering = PlainText.line(json.path("model").asText(policy.model()), LONGEST_MESSAGE);
    // VLLM_SKIP_MODEL_NAME_VALIDATION lets the base answer for an adapter that was lost; a base
    // may answer by another of its names
    if (!policy.adapter().isEmpty() && !answering.equals(policy.model())) {
      throw new UnknownModelException("answers %s by %s".formatted(call, answering));
    }
    return new VllmAnswer(this, policy.vocabulary(), prompt, drawn)
        .completions(json, sampling.numGenerations());
  }

  private static ObjectNode body(String model, Prompt prompt, SamplingConfig sampling) {
    SamplingRule rule = sampling.rule();
    ObjectNode body = JSON.createObjectNode().put("model", model);
    for (int token : prompt.tokens()) {
      body.withArray("prompt").add(token);
    }
    // every setting is said, since a server's defaults are those of the model's generation_config
    body.put("n", sampling.numGenerations())
        .put("max_tokens", sampling.maxCompletionLength())
        .put("temperature", rule.temperature())
        .put(Flags.TOP_K.name(), rule.topK())
        .put(Flags.TOP_P.name(), Math.max(rule.topP(), LEAST_TOP_P))
        .put(Flags.MIN_P.name(), rule.minP())
        .put(Flags.REPETITION_PENALTY.name(), rule.repetitionPenalty())
        .put("seed", seed(sampling.seed(), prompt.id()))
        .put(Flags.IGNORE_EOS.name(), true) // the end tokens are exactly these
        .putArray("stop_token_ids");
    sampling.endTokens().stream().sorted().forEach(body.withArray("stop_token_ids")::add);
    return body.put("logprobs", 0).put("return_token_ids", true);
  }

  /** A seed far from those of other prompts: vLLM adds a completion's index to it. */
  private static long seed(long seed, long prompt) {
    return SplitMix64.mix(SplitMix64.mix(seed + SplitMix64.GAMMA) ^ prompt) >>> 2;
  }

  private JsonHttp.Answer post(String call, ObjectNode body, Duration limit) throws IOException {
    return HTTP.send(posted(call, body, limit), BoundedBody.MOST_BYTES);
  }

  private HttpRequest posted(String call, ObjectNode body, Duration limit) {
    return request(call, limit)
        .header("Content-Type", "application/json")
        .POST(BodyPublishers.ofString(body.toString()))
        .build();
  }

  private HttpRequest.Builder request(String call, Duration limit) {
    HttpRequest.Builder builder = HttpRequest.newBuilder(URI.create(url + call)).timeout(limit);
    return key.isEmpty() ? builder : builder.header("Authorization", "Bearer " + key);
  }

  /**
   * The JSON of a successful answer; empty for calls on adapters, whose answers are plain text.
   *
   * @throws ConfigException if the server refuses for good
   */
  private JsonNode understood(JsonHttp.Answer answer, String call, String remedy)
      throws IOException {
    int status = answer.status();
    if (status == 429 || status == 503) {
      boolean asksForMore = answer.pause().compareTo(timeout) > 0;
      throw new BusyException(said(answer, call), asksForMore ? timeout : answer.pause());
    }
    if (status >= 500 || status == 408) {
      throw new IOException(said(answer, call));
    }
    if (!answer.isSuccess()) {
      String more = status == 401 || status == 403 ? "set VLLM_API_KEY to its key" : remedy;
      throw refused("it %s; %s".formatted(said(answer, call), more));
    }
    try {
      return call.contains("adapter") ? JSON.createObjectNode() : answer.json();
    } catch (IOException e) {
      throw new IOException("answers %s with what is not JSON".formatted(call), e);
    }
  }

  /** The error of a server that cannot be used. */
  ConfigException refused(String why) {
    return new ConfigException(Flags.VLLM_SERVER_BASE_URL, url, why);
  }

  private static String said(JsonHttp.Answer answer, String call) {
    String message = message(answer);
    return "answers %s with status %s%s"
        .formatted(call, answer.status(), message.isEmpty() ? "" : " (" + message + ")");
  }

  /** The words of an error: those of its JSON, else the body itself. */
  private static String message(JsonHttp.Answer answer) {
    String body = new String(answer.body(), StandardCharsets.UTF_8);
    try {
      JsonNode json = answer.json();
      JsonNode error = json.path("error").isObject() ? json.path("error") : json;
      body = error.path("message").asText(error.path("detail").asText(body));
    } catch (IOException e) {
      // plain text, or a proxy's page
    }
    return PlainText.line(body, LONGEST_MESSAGE);
  }

  @Override
  public String toString() {
    return url; // the key stays secret
  }
}
