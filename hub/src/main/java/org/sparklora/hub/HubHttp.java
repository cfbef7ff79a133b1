package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
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

  HubHttp(HubConfig config, RetryPause pause) {
    this(config, pause, HubConfig.PUBLIC_HUB);
  }

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

  /** The pauses between attempts. */
  RetryPause pause() {
    return pause;
  }

  /** How long a connection may stay silent. */
  Duration timeout() {
    return config.timeout();
  }

  /** The address of an unencoded {@code path} below the endpoint. */
  URI uri(String path) {
    return URI.create(config.endpoint() + UriPath.encode(path));
  }

  /** The address of the hub's API for a revision of a repository. */
  URI api(HubRepo repo, String what, String revision) {
    return URI.create(uri(repo.apiPath()) + "/" + what + "/" + UriPath.encodePart(revision));
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
    throw new HubException(
        HubException.Kind.SERVER, "The hub answers with an address that is none; try again later");
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
    discard(response);
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
      discard(response);
      if ("https".equals(uri.getScheme()) && !"https".equals(target.getScheme())) {
        throw new HubException(
            HubException.Kind.SERVER,
            "The hub redirects %s to an unencrypted address; check HF_ENDPOINT and proxies"
                .formatted(request.about()));
      }
      uri = target;
    }
    throw new HubException(
        HubException.Kind.SERVER,
        "The hub redirects %s in a circle; check HF_ENDPOINT".formatted(request.about()));
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

  /** A JSON response that was read to its end. */
  record Answer(JsonNode json, HttpHeaders headers) {}

  /** Sends a request for JSON, again if the response breaks off. */
  Answer ask(HubRequest request) {
    Body body = read(request, BoundedBody.MOST_BYTES + 1, transfer(0));
    if (body.bytes().length > BoundedBody.MOST_BYTES) {
      throw new HubException(
          HubException.Kind.SERVER,
          String.format(
              Locale.ROOT,
              "The hub's answer about %s has more than %,d bytes; check that HF_ENDPOINT is a hub",
              request.about(),
              BoundedBody.MOST_BYTES));
    }
    try {
      return new Answer(JSON.readTree(body.bytes()), body.headers());
    } catch (IOException e) {
      throw new HubException(
          HubException.Kind.SERVER,
          "The hub's answer about %s is not JSON; check that HF_ENDPOINT is a hub"
              .formatted(request.about()),
          e);
    }
  }

  /**
   * Requests the first bytes of a body, again if the response breaks off before.
   *
   * @throws HubException also if the body is shorter
   */
  byte[] front(HubRequest request, int count) {
    byte[] bytes = read(request, count, transfer(count)).bytes();
    if (bytes.length < count) {
      throw new HubException(
          HubException.Kind.DAMAGED,
          String.format(
              Locale.ROOT,
              "Cannot use %s: %,d bytes came of its first %,d; try again, and check proxies if it stays so",
              request.about(),
              bytes.length,
              count));
    }
    return bytes;
  }

  private record Body(byte[] bytes, HttpHeaders headers) {}

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

  private Body read(HubRequest request, int most, Duration deadline) {
    Attempts attempts = new Attempts(request.retries());
    while (true) {
      HttpResponse<InputStream> response = send(request, attempts);
      try {
        byte[] bytes = BoundedBody.front(response.body(), most, deadline);
        return new Body(bytes, response.headers());
      } catch (IOException e) {
        if (!attempts.isLeft()) {
          throw unreachable(request.about(), e);
        }
        attempts.pause(Duration.ZERO);
      }
    }
  }

  JsonNode sendForJson(HubRequest request) {
    return ask(request).json();
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
        Duration asked = RetryPause.askedFor(response.headers()).orElse(Duration.ZERO);
        if (!RETRIED.contains(status)
            || !attempts.isLeft()
            || asked.compareTo(RetryPause.LONGEST) > 0) {
          throw failure(request, response, asked);
        }
        discard(response);
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
    HttpRequest.Builder builder =
        HttpRequest.newBuilder(uri)
            .method(request.method(), request.body())
            .timeout(timeout(request.body().contentLength()))
            .header("User-Agent", "spark-lora");
    request.headers().forEach(builder::header);
    if (isHub(uri)) {
      config.token().ifPresent(token -> builder.header("Authorization", token.authorization()));
    }
    return builder.build();
  }

  /** The time to the response's headers, which an upload only gets after its last byte. */
  private Duration timeout(long bodyBytes) {
    return bodyBytes <= 0 ? config.timeout() : transfer(bodyBytes);
  }

  private Duration transfer(long bytes) {
    return config.timeout().multipliedBy(6).plusSeconds(bytes / SLOWEST);
  }

  /** The error for a request without a response. */
  HubException unreachable(HubSubject about, IOException cause) {
    String reason =
        cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
    return new HubException(
        HubException.Kind.UNREACHABLE,
        "Cannot reach %s for %s (%s): check the network, HF_ENDPOINT and proxies, or set HF_HUB_OFFLINE=1 to use the cache alone; if a folder was meant, there is none of that name"
            .formatted(config.endpoint(), about, config.redact(reason)),
        cause);
  }

  static HubException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new HubException(
        HubException.Kind.UNREACHABLE, "The transfer was interrupted; start it again", e);
  }

  private HubException failure(
      HubRequest request, HttpResponse<InputStream> response, Duration asked) {
    String said = response.headers().firstValue("X-Error-Message").orElse("");
    String code = response.headers().firstValue("X-Error-Code").orElse("");
    if (said.isEmpty()) {
      try {
        byte[] body = BoundedBody.front(response.body(), MOST_OF_A_REFUSAL, config.timeout());
        said = errorText(new String(body, StandardCharsets.UTF_8));
      } catch (IOException e) {
        said = ""; // report the status alone
      }
    }
    discard(response);
    String reason = PlainText.line(config.redact(said), LONGEST_REASON);
    return request.about().failure(config, response.statusCode(), code, reason, asked);
  }

  /** The field {@code error} of a JSON body; empty for other bodies. */
  private static String errorText(String body) {
    try {
      return JSON.readTree(body).path("error").asText("");
    } catch (IOException e) {
      return "";
    }
  }

  private static void discard(HttpResponse<InputStream> response) {
    try {
      response.body().close();
    } catch (IOException e) {
      // the body is not needed
    }
  }
}
