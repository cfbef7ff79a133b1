package org.sparklora.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.hub.HubException.Kind;

/**
 * The hub's address, the user's token and the download cache, from the environment variables of
 * {@code huggingface_hub}. Each {@code HF_…} variable but the token may also be a system property,
 * so that {@code spark.executor.extraJavaOptions} can set it; a token there would be visible.
 *
 * @param endpoint {@code HF_ENDPOINT}, without a slash at the end
 * @param cache {@code HF_HUB_CACHE}
 * @param token {@code HF_TOKEN}, or the token that {@code hf auth login} saved in the token file
 * @param offline {@code HF_HUB_OFFLINE} or {@code TRANSFORMERS_OFFLINE}: only the cache is used
 * @param symlinks whether {@code HF_HUB_DISABLE_SYMLINKS} is not set
 * @param timeout {@code HF_HUB_DOWNLOAD_TIMEOUT}: for connecting, for the beginning of a response
 *     and for a stall in its body
 */
public record HubConfig(
    URI endpoint,
    Path cache,
    Optional<HubToken> token,
    boolean offline,
    boolean symlinks,
    Duration timeout) {
  static final String PUBLIC_HUB = "https://huggingface.co";
  private static final String TOKEN = "HF_TOKEN";
  private static final Set<String> TRUE = Set.of("1", "ON", "YES", "TRUE");
  private static final int TIMEOUT_SECONDS = 10;

  /** {@code $NAME} or {@code ${NAME}} in a path. */
  private static final Pattern VARIABLE = Pattern.compile("\\$(\\w+|\\{\\w+})");

  /** The settings of this process. */
  public static HubConfig ofEnvironment() {
    Map<String, String> all = new HashMap<>(System.getenv());
    for (String name : System.getProperties().stringPropertyNames()) {
      if (name.startsWith("HF_") && !name.equals(TOKEN)) {
        all.put(name, System.getProperty(name));
      }
    }
    return of(all, Path.of(System.getProperty("user.home")));
  }

  /**
   * The settings of an environment.
   *
   * @param systemHome the user's home folder, unless HOME names another, as for Python
   * @throws HubException if a value cannot be used
   */
  static HubConfig of(Map<String, String> environment, Path systemHome) {
    Path userHome = path(environment, "HOME", systemHome, systemHome);
    Path cacheHome = path(environment, "XDG_CACHE_HOME", userHome.resolve(".cache"), userHome);
    Path home = path(environment, "HF_HOME", cacheHome.resolve("huggingface"), userHome);
    Path legacy = path(environment, "HUGGINGFACE_HUB_CACHE", home.resolve("hub"), userHome);
    Path tokenFile = path(environment, "HF_TOKEN_PATH", home.resolve("token"), userHome);
    return new HubConfig(
        endpoint(environment.getOrDefault("HF_ENDPOINT", "")),
        path(environment, "HF_HUB_CACHE", legacy, userHome).toAbsolutePath().normalize(),
        token(environment, tokenFile),
        isTrue(environment, "HF_HUB_OFFLINE") || isTrue(environment, "TRANSFORMERS_OFFLINE"),
        !isTrue(environment, "HF_HUB_DISABLE_SYMLINKS"),
        Duration.ofSeconds(seconds(environment.getOrDefault("HF_HUB_DOWNLOAD_TIMEOUT", ""))));
  }

  /** These settings with the token that the user named for this run, if any. */
  public HubConfig withToken(Optional<HubToken> other) {
    return new HubConfig(endpoint, cache, other.or(() -> token), offline, symlinks, timeout);
  }

  HubConfig withEndpoint(URI other) {
    return new HubConfig(other, cache, token, offline, symlinks, timeout);
  }

  /** The message with the token hidden, in case a server repeated the token. */
  String redact(String message) {
    return token.map(secret -> secret.redact(message)).orElse(message);
  }

  private static Path path(
      Map<String, String> environment, String name, Path otherwise, Path userHome) {
    String value = expanded(environment.getOrDefault(name, ""), environment);
    if (value.isEmpty()) {
      return otherwise;
    }
    return value.equals("~") || value.startsWith("~/")
        ? userHome.resolve(value.substring(Math.min(2, value.length())))
        : Path.of(value);
  }

  /** Replaces variables, as Python's {@code expandvars}; those that are not set stay. */
  private static String expanded(String path, Map<String, String> environment) {
    return VARIABLE
        .matcher(path)
        .replaceAll(
            found -> {
              String name = found.group(1).replaceAll("[{}]", "");
              return Matcher.quoteReplacement(environment.getOrDefault(name, found.group()));
            });
  }

  private static URI endpoint(String value) {
    String text = value.isBlank() ? PUBLIC_HUB : value.strip().replaceAll("/+$", "");
    try {
      URI uri = URI.create(text);
      if (uri.getHost() != null
          && uri.getRawUserInfo() == null
          && Set.of("http", "https").contains(uri.getScheme())) {
        return uri;
      }
    } catch (IllegalArgumentException e) {
      // reported below, like an address of another scheme
    }
    // The address appears in messages, logs and results, where a password must not.
    throw Kind.UNREACHABLE.error(
        text.contains("@")
            ? "Cannot use HF_ENDPOINT = %s: user and password are not taken from an address; leave them out and set HF_TOKEN"
            : "Cannot use HF_ENDPOINT = %s: an address as https://huggingface.co is expected",
        text.replaceFirst("(?s)^([^/@]*//)?.*@", "$1***@"));
  }

  private static Optional<HubToken> token(Map<String, String> environment, Path file) {
    String text = environment.getOrDefault(TOKEN, "");
    if (text.isBlank()) {
      text = environment.getOrDefault("HUGGING_FACE_HUB_TOKEN", ""); // the older name
    }
    if (text.isBlank() && Files.isRegularFile(file)) {
      try {
        text = Files.readString(file);
      } catch (IOException e) {
        throw Kind.BAD_TOKEN.error(
            e,
            "Cannot read the hub token in %s (%s): correct its rights, or set HF_TOKEN",
            file,
            e.getMessage());
      }
    }
    return text.isBlank() ? Optional.empty() : Optional.of(HubToken.of(text));
  }

  private static boolean isTrue(Map<String, String> environment, String name) {
    return TRUE.contains(environment.getOrDefault(name, "").toUpperCase(Locale.ROOT));
  }

  private static int seconds(String value) {
    try {
      int seconds = value.isBlank() ? TIMEOUT_SECONDS : Integer.parseInt(value.strip());
      if (seconds > 0) {
        return seconds;
      }
    } catch (NumberFormatException e) {
      // reported below, like a number below 1
    }
    throw Kind.UNREACHABLE.error(
        "Cannot use HF_HUB_DOWNLOAD_TIMEOUT = %s: a whole number of seconds is expected", value);
  }
}
