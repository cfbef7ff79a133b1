package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.InterruptedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;

/**
 * Sends requests to a server that answers with JSON, and reads its answers within bounds of time
 * and length. It never retries, since only the caller knows whether a request is idempotent, and
 * follows no redirects, which would forward the credentials.
 *
 * <p>Thread-safe.
 */
public final class JsonHttp {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HttpClient client;

  public JsonHttp(Duration connectTimeout) {
    this.client = client(connectTimeout);
  }

  static HttpClient client(Duration connectTimeout) {
    return HttpClient.newBuilder()
        .version(HttpClient.Version.HTTP_1_1)
        .followRedirects(HttpClient.Redirect.NEVER)
        .connectTimeout(connectTimeout)
        .build();
  }

  /**
   * A whole answer.
   *
   * @param body read-only and not copied
   * @param pause that the server asks for before the next request; zero if it asks for none
   */
  public record Answer(int status, byte[] body, Duration pause) {
    /** Whether the status is one of success, 200 to 299. */
    public boolean isSuccess() {
      return status / 100 == 2;
    }

    /** The body; an empty object for an empty body. */
    public JsonNode json() throws IOException {
      return body.length == 0 ? JSON.createObjectNode() : JSON.readTree(body);
    }
  }

  /**
   * Sends a request and reads the answer, whatever its status.
   *
   * @param request with a timeout, which holds to the end of the answer
   * @param most the largest length of the answer in bytes
   */
  public Answer send(HttpRequest request, int most) throws IOException {
    long deadline = System.nanoTime() + request.timeout().orElseThrow().toNanos();
    try {
      HttpResponse<InputStream> response = client.send(request, BodyHandlers.ofInputStream());
      Duration left = Duration.ofNanos(Math.max(1, deadline - System.nanoTime()));
      return new Answer(
          response.statusCode(),
          BoundedBody.read(response.body(), most, left),
          RetryPause.askedFor(response.headers()));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted");
    }
  }
}
