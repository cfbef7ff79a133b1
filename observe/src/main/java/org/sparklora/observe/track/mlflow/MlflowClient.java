package org.sparklora.observe.track.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.sparklora.hub.BoundedBody;
import org.sparklora.hub.JsonHttp;
import org.sparklora.hub.PlainText;

/**
 * A client of MLflow's REST API, version 2.0. It never retries, since only the caller knows whether
 * a request is idempotent.
 *
 * <p>Thread-safe.
 */
final class MlflowClient {
  /** Longest time from a request to the end of its answer. */
  private static final Duration TIMEOUT = Duration.ofSeconds(5);

  /** Longest time of an upload, beyond the time for its bytes. */
  private static final Duration UPLOAD_TIMEOUT = Duration.ofMinutes(1);

  /** Bytes per second. */
  private static final long SLOWEST_UPLOAD = 500_000;

  private static final String CALLS = "/api/2.0/mlflow/";
  private static final int LONGEST_MESSAGE = 300;

  /** First status that leaves open whether the request was carried out. */
  private static final int SERVER_ERROR = 500;

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS);

  private final MlflowServer server;
  private final Duration timeout;
  private final JsonHttp http = new JsonHttp(TIMEOUT);

  MlflowClient(MlflowServer server) {
    this(server, TIMEOUT);
  }

  /**
   * @param timeout of requests other than uploads
   */
  MlflowClient(MlflowServer server, Duration timeout) {
    this.server = server;
    this.timeout = timeout;
  }

  MlflowServer server() {
    return server;
  }

  /** Sends a GET request; an {@link MlflowException} says that the server refuses. */
  JsonNode get(String call, Map<String, String> query) throws IOException {
    String words =
        query.entrySet().stream()
            .map(word -> encode(word.getKey()) + "=" + encode(word.getValue()))
            .collect(Collectors.joining("&", "?", ""));
    return send(request(CALLS + call + words, timeout).GET(), call);
  }

  /** Sends a POST request; an {@link MlflowException} says that the server refuses. */
  JsonNode post(String call, Map<String, ?> body) throws IOException {
    String text = JSON.writeValueAsString(body);
    return send(
        request(CALLS + call, timeout)
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(text)),
        call);
  }

  /**
   * Uploads a file to the server's artifact store; replaces an existing file.
   *
   * @param path path below the store's root, not encoded
   * @param bytes length of the content
   */
  void put(String path, long bytes, Supplier<InputStream> content) throws IOException {
    BodyPublisher body =
        bytes == 0
            ? BodyPublishers.noBody()
            : BodyPublishers.fromPublisher(BodyPublishers.ofInputStream(content), bytes);
    send(
        request(
                "/api/2.0/mlflow-artifacts/artifacts/" + encode(path).replace("%2F", "/"),
                UPLOAD_TIMEOUT.plusSeconds(bytes / SLOWEST_UPLOAD))
            .PUT(body),
        "upload of " + path);
  }

  private static String encode(String word) {
    return URLEncoder.encode(word, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private HttpRequest.Builder request(String path, Duration timeout) throws IOException {
    URI call = URI.create(server.base() + path);
    if (call.getHost() == null) {
      String name = call.getAuthority().replaceFirst(":\\d+$", "");
      call = at(InetAddress.getByName(name), call);
    }
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(call).timeout(timeout).header("User-Agent", "spark-lora");
    server.authorization().ifPresent(value -> builder.header("Authorization", value));
    return builder;
  }

  /**
   * A call of a server by its IP address: Java's client refuses names with an underscore, which
   * containers may have.
   */
  static URI at(InetAddress address, URI call) {
    String host = address.getHostAddress();
    String shown = address instanceof Inet6Address ? "[" + host + "]" : host;
    return URI.create(call.toString().replaceFirst("//[^/:]+", "//" + shown));
  }

  private JsonNode send(HttpRequest.Builder request, String about) throws IOException {
    JsonHttp.Answer answer;
    try {
      answer = http.send(request.build(), BoundedBody.MOST_BYTES);
    } catch (InterruptedIOException e) {
      throw e;
    } catch (IOException e) {
      String reason = e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage();
      throw new IOException("no answer of %s: %s".formatted(server, reason), e);
    }
    if (answer.status() >= SERVER_ERROR) {
      throw new IOException(
          "%s answers %s with status %s".formatted(server, about, answer.status()));
    }
    if (!answer.isSuccess()) {
      throw refusal(answer, about);
    }
    try {
      return answer.json();
    } catch (IOException e) {
      throw new IOException("%s answers %s with what is not JSON".formatted(server, about), e);
    }
  }

  private MlflowException refusal(JsonHttp.Answer answer, String about) {
    String code = "";
    String message = "";
    try {
      JsonNode said = answer.json();
      code = said.path("error_code").asText("");
      message = said.path("message").asText("");
    } catch (IOException e) {
      // not JSON, perhaps a proxy's page; the message has the status only
    }
    return new MlflowException(
        code,
        "%s answers %s with %s %s %s"
            .formatted(
                server,
                about,
                answer.status(),
                PlainText.line(code, LONGEST_MESSAGE),
                PlainText.line(message, LONGEST_MESSAGE))
            .strip());
  }
}
