package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpHeaders;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Set;
import org.sparklora.hub.HubException.Kind;

/**
 * Sends requests to the hub. It retries after transient failures, with the pauses that a server
 * asks for, and follows redirects itself, because {@link HttpClient} would send the token to any
 * host.
 *
 * <p>Thread-safe.
 */
final class HubHttp {
  private static final Set<Integer> RETRIED = Set.of(408, 429, 500, 502, 503, 504);
  private static final Set<Integer> REDIRECTS = Set.of(301, 302, 303, 307, 308);
  private static final int MAX_REDIRECTS = 5;

  /** The slowest transfer that a timeout allows, in bytes a second. */
  private static final long SLOWEST = 50_000;

  private static final int LONGEST_REASON = 300;
  private static final int MOST_OF_A_REFUSAL = 2000;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HubConfig config;
  private final RetryPause pause;
  private final String publicHub;
  private final HttpClient client;

  /**
   * @param publicHub {@link HubConfig#PUBLIC_HUB}, or a local server in tests
   */
  HubHttp(HubConfig config, RetryPause pause, String publicHub) {
    this.config = config;
    this.publicHub = publicHub;
    this.pause = pause;
    // HTTP/1.1 gives each parallel download its own connection; HTTP/2 would share one
    this.client = JsonHttp.client(config.timeout());
  }

  RetryPause pause() {
    return pause;
  }

  /** How long a connection may stay silent. */
  Duration timeout() {
    return config.timeout();
  }

  /** The address of an unencoded {@code path} below the endpoint. */
  URI uri(String path) {
    return URI.create(config.endpoint() + encoded(path).replace("%2F", "/"));
  }

  /** Percent-encodes a part of a path, slashes too: the revision {@code refs/pr/1} is one part. */
  private static String encoded(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }

  /** The address of the hub's API for a revision of a repository. */
  URI api(HubRepo repo, String what, String revision) {
    return URI.create(uri(repo.apiPath()) + "/" + what + "/" + encoded(revision));
  }

  /**
   * Resolves an address that the hub names. Addresses of the public hub, which mirrors pass on
   * unchanged, are mapped to the endpoint.
   *
   * @throws HubException if the address is not valid
   */
  URI resolve(URI base, String location) {
    return location.startsWith(publicHub + "/")
        ? named(base, config.endpoint() + location.substring(publicHub.length()))
        : named(base, location);
  }

  private static URI named(URI base, String location) {
    try {
      URI address = base.resolve(location);
      if (address.getHost() != null && Set.of("http", "https").contains(address.getScheme())) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // reported below, as an address of another kind is
    }
    throw Kind.SERVER.error("The hub answers with an address that is none; try again later");
  }

  /** Whether the address is the hub's, which may see the token. */
  private boolean isHub(URI uri) {
    return origin(uri).equals(origin(config.endpoint()));
  }

  private static String origin(URI uri) {
    int port = uri.getPort() >= 0 ? uri.getPort() : "https".equals(uri.getScheme()) ? 443 : 80;
    return "%s://%s:%s".formatted(uri.getScheme(), uri.getHost(), port).toLowerCase(Locale.ROOT);
  }

  /**
   * Sends a request and follows redirects.
   *
   * @return the response of success; for {@code HEAD} also a redirect that leaves the hub, since
   *     its headers hold the answer
   * @throws HubException for any other response
   */
  HttpResponse<InputStream> send(HubRequest request) {
    return send(request, new Attempts(request.retries()));
  }

  /** Sends a request and returns the headers of the response, whose body is not needed. */
  HttpHeaders headers(HubRequest request) {
    HttpResponse<InputStream> response = send(request);
    BoundedBody.discard(response.body());
    return response.headers();
  }

  private HttpResponse<InputStream> send(HubRequest request, Attempts attempts) {
    URI uri = request.uri();
    for (int hop = 0; hop <= MAX_REDIRECTS; hop++) {
      HttpResponse<InputStream> response = sendPatiently(request, uri, attempts);
      String location = response.headers().firstValue("Location").orElse("");
      if (!REDIRECTS.contains(response.statusCode()) || location.isEmpty()) {
        return response;
      }
      URI target = redirected(uri, location);
      if (request.method().equals("HEAD") && !isHub(target) && !isPublicHub(target)) {
        return response;
      }
      BoundedBody.discard(response.body());
      if ("https".equals(uri.getScheme()) && !"https".equals(target.getScheme())) {
        throw Kind.SERVER.error(
            "The hub redirects %s to an unencrypted address; check HF_ENDPOINT and proxies",
            request.about());
      }
      uri = target;
    }
    throw Kind.SERVER.error("The hub redirects %s in a circle; check HF_ENDPOINT", request.about());
  }

  /**
   * The target of a redirect. Some mirrors name the public hub but mean themselves; others mean the
   * public hub, whose address would otherwise be mapped back to the mirror.
   */
  private URI redirected(URI uri, String location) {
    URI target = isHub(uri) ? resolve(uri, location) : named(uri, location);
    return target.equals(uri) ? named(uri, location) : target;
  }

  private boolean isPublicHub(URI uri) {
    return origin(uri).equals(origin(URI.create(publicHub)));
  }

  /** A response whose body was read, to its end or as far as wanted. */
  record Answer<T>(T body, HttpHeaders headers) {}

  /** Sends a request for JSON, again if the response breaks off. */
  Answer<JsonNode> ask(HubRequest request) {
    Answer<byte[]> answer = read(request, BoundedBody.MOST_BYTES + 1, transfer(0));
    if (answer.body().length > BoundedBody.MOST_BYTES) {
      throw Kind.SERVER.error(
          "The hub's answer about %s has more than %,d bytes; check that HF_ENDPOINT is a hub",
          request.about(), BoundedBody.MOST_BYTES);
    }
    try {
      return new Answer<>(JSON.readTree(answer.body()), answer.headers());
    } catch (IOException e) {
      throw Kind.SERVER.error(
          e,
          "The hub's answer about %s is not JSON; check that HF_ENDPOINT is a hub",
          request.about());
    }
  }

  /**
   * Requests the first bytes of a body, again if the response breaks off before.
   *
   * @throws HubException also if the body is shorter
   */
  byte[] front(HubRequest request, int count) {
    byte[] bytes = read(request, count, transfer(count)).body();
    if (bytes.length < count) {
      throw Kind.DAMAGED.error(
          "Cannot use %s: %,d bytes came of its first %,d; try again, and check proxies if it stays so",
          request.about(), bytes.length, count);
    }
    return bytes;
  }

  /** Counts the failures of a request: no response, an error status, a body that breaks off. */
  private final class Attempts {
    private final int most;
    private int failed;

    Attempts(int retries) {
      this.most = retries;
    }

    boolean isLeft() {
      return failed < most;
    }

    void pause(Duration asked) {
      pause.before(failed++, asked);
    }
  }

  private Answer<byte[]> read(HubRequest request, int most, Duration deadline) {
    Attempts attempts = new Attempts(request.retries());
    while (true) {
      HttpResponse<InputStream> response = send(request, attempts);
      try {
        byte[] bytes = BoundedBody.front(response.body(), most, deadline);
        return new Answer<>(bytes, response.headers());
      } catch (IOException e) {
        if (!attempts.isLeft()) {
          throw unreachable(request.about(), e);
        }
        attempts.pause(Duration.ZERO);
      }
    }
  }

  JsonNode sendForJson(HubRequest request) {
    return ask(request).body();
  }

  private HttpResponse<InputStream> sendPatiently(HubRequest request, URI uri, Attempts attempts) {
    while (true) {
      try {
        HttpResponse<InputStream> response =
            client.send(toHttp(request, uri), BodyHandlers.ofInputStream());
        int status = response.statusCode();
        if (status < 400) {
          return response;
        }
        Duration asked = RetryPause.askedFor(response.headers());
        if (!RETRIED.contains(status)
            || !attempts.isLeft()
            || asked.compareTo(RetryPause.LONGEST) > 0) {
          throw failure(request, response, asked);
        }
        BoundedBody.discard(response.body());
        attempts.pause(asked);
      } catch (IOException e) {
        if (!attempts.isLeft() || isUnknownHost(e)) {
          throw unreachable(request.about(), e);
        }
        attempts.pause(Duration.ZERO);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
  }

  /** Whether the host is unknown: a retry within seconds would not help. */
  private static boolean isUnknownHost(Throwable failure) {
    return failure instanceof UnresolvedAddressException
        || failure.getCause() != null && isUnknownHost(failure.getCause());
  }

  private HttpRequest toHttp(HubRequest request, URI uri) {
    long bytes = request.body().contentLength(); // an upload's response comes after its last byte
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(uri)
            .method(request.method(), request.body())
            .timeout(bytes <= 0 ? config.timeout() : transfer(bytes))
            .header("User-Agent", "spark-lora");
    request.headers().forEach(builder::header);
    if (isHub(uri)) {
      config.token().ifPresent(token -> builder.header("Authorization", token.authorization()));
    }
    return builder.build();
  }

  private Duration transfer(long bytes) {
    return config.timeout().multipliedBy(6).plusSeconds(bytes / SLOWEST);
  }

  /** The error for a request without a response. */
  HubException unreachable(HubSubject about, IOException cause) {
    String reason =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return Kind.UNREACHABLE.error(
        cause,
        "Cannot reach %s for %s (%s): check the network, HF_ENDPOINT and proxies, or set HF_HUB_OFFLINE=1 to use the cache alone; if a folder was meant, there is none of that name",
        config.endpoint(),
        about,
        config.redact(reason));
  }

  static HubException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return Kind.UNREACHABLE.error(e, "The transfer was interrupted; start it again");
  }

  private HubException failure(
      HubRequest request, HttpResponse<InputStream> response, Duration asked) {
    String said = response.headers().firstValue("X-Error-Message").orElse("");
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    if (said.isEmpty()) {
      try {
        byte[] body = BoundedBody.front(response.body(), MOST_OF_A_REFUSAL, config.timeout());
        said = JSON.readTree(body).path("error").asText("");
      } catch (IOException e) {
        // the body breaks off or is no JSON: the status alone is reported
      }
    }
    BoundedBody.discard(response.body());
    String reason = PlainText.line(config.redact(said), LONGEST_REASON);
    return request.about().failure(config, response.statusCode(), code, reason, asked);
  }
}
