package org.sparklora.observe.track.mlflow;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sparklora.pipeline.config.ConfigException;

/**
 * Address and credentials of an MLflow server, found as by MLflow's Python client. Immutable;
 * {@link #toString} shows no secret.
 *
 * @param base address without trailing slash, user and password
 * @param authorization value of the Authorization header; empty for none
 * @param isDatabricks whether the server is a Databricks workspace, which serves no artifacts
 */
record MlflowServer(URI base, Optional<String> authorization, boolean isDatabricks) {
  static final String TRACKING_URI = "MLFLOW_TRACKING_URI";

  private static final String DATABRICKS = "databricks";

  /** User, name and port; {@link URI} has no host for a name with an underscore. */
  private static final Pattern AUTHORITY = Pattern.compile("([^@]*@)?[\\w.-]+(:\\d+)?");

  /**
   * The server that the environment names.
   *
   * @param home the folder of {@code .databrickscfg} and {@code .mlflow/credentials}
   * @throws ConfigException if it names no usable server
   */
  static MlflowServer of(Map<String, String> environment, Path home) {
    String uri =
        variable(environment, TRACKING_URI)
            .orElseThrow(
                () ->
                    new ConfigException(
                        TRACKING_URI,
                        "unset",
                        "MLflow needs it: the address of an MLflow server (http://…), or"
                            + " databricks"));
    if (uri.equals(DATABRICKS) || uri.startsWith(DATABRICKS + "://")) {
      return databricks(environment, home, uri);
    }
    URI address = address(TRACKING_URI, uri);
    return new MlflowServer(withoutUser(address), credentials(environment, home, address), false);
  }

  private static URI address(String key, String text) {
    try {
      URI address = URI.create(text.replaceAll("/+$", ""));
      String authority = Optional.ofNullable(address.getRawAuthority()).orElse("");
      boolean named = address.getHost() != null;
      if ("https".equals(address.getScheme()) && named
          || "http".equals(address.getScheme())
              && (named || AUTHORITY.matcher(authority).matches())) {
        return address;
      }
    } catch (IllegalArgumentException e) {
      // reported below, as are other unusable addresses
    }
    throw new ConfigException(
        key,
        text.replaceFirst("^([^/@]*//)?.*@", "$1…@"), // a password may hold @ and /
        "name a server, http://HOST:PORT or https://…; folders and databases are served by: mlflow"
            + " server --backend-store-uri …");
  }

  private static URI withoutUser(URI address) {
    return URI.create(address.toString().replaceFirst("//[^/@]*@", "//"));
  }

  /** The Authorization header; user and password precede a token, as in MLflow's client. */
  private static Optional<String> credentials(
      Map<String, String> environment, Path home, URI address) {
    int at = address.getAuthority().lastIndexOf('@');
    if (at >= 0) {
      return Optional.of(basic(address.getAuthority().substring(0, at)));
    }
    IniFile file = IniFile.read(home.resolve(".mlflow").resolve("credentials"));
    Optional<String> user =
        variable(environment, "MLFLOW_TRACKING_USERNAME")
            .or(() -> file.find("mlflow", "mlflow_tracking_username"));
    Optional<String> password =
        variable(environment, "MLFLOW_TRACKING_PASSWORD")
            .or(() -> file.find("mlflow", "mlflow_tracking_password"));
    if (user.isPresent() && password.isPresent()) {
      return Optional.of(basic(user.get() + ":" + password.get()));
    }
    return variable(environment, "MLFLOW_TRACKING_TOKEN").map(MlflowServer::bearer);
  }

  /** {@code databricks}, or {@code databricks://PROFILE}, a section of {@code .databrickscfg}. */
  private static MlflowServer databricks(Map<String, String> environment, Path home, String uri) {
    Optional<String> named =
        Optional.of(uri.substring(DATABRICKS.length()).replaceFirst("^://", ""))
            .filter(profile -> !profile.isEmpty());
    String profile =
        named.or(() -> variable(environment, "DATABRICKS_CONFIG_PROFILE")).orElse("DEFAULT");
    IniFile file =
        IniFile.read(
            variable(environment, "DATABRICKS_CONFIG_FILE")
                .map(Path::of)
                .orElse(home.resolve(".databrickscfg")));
    // a named profile is read from the file only; else the environment takes precedence
    Map<String, String> variables = named.isPresent() ? Map.of() : environment;
    String host =
        databricks(variables, file, profile, "host")
            .orElseThrow(() -> unknown(uri, profile, "host"));
    Optional<String> token = databricks(variables, file, profile, "token");
    Optional<String> user = databricks(variables, file, profile, "username");
    Optional<String> password = databricks(variables, file, profile, "password");
    String authorization =
        token
            .map(MlflowServer::bearer)
            .or(() -> user.flatMap(u -> password.map(p -> basic(u + ":" + p))))
            .orElseThrow(() -> unknown(uri, profile, "token"));
    URI base = address("DATABRICKS_HOST", host.contains("://") ? host : "https://" + host);
    return new MlflowServer(withoutUser(base), Optional.of(authorization), true);
  }

  private static Optional<String> databricks(
      Map<String, String> environment, IniFile file, String profile, String key) {
    return variable(environment, "DATABRICKS_" + key.toUpperCase(java.util.Locale.ROOT))
        .or(() -> file.find(profile, key));
  }

  private static ConfigException unknown(String uri, String profile, String key) {
    return new ConfigException(
        TRACKING_URI,
        uri,
        "there is no %s: set DATABRICKS_HOST and DATABRICKS_TOKEN with the address databricks, or write host and token below [%s] of ~/.databrickscfg"
            .formatted(key, profile));
  }

  private static String basic(String userAndPassword) {
    return "Basic "
        + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
  }

  private static String bearer(String token) {
    return "Bearer " + token;
  }

  static Optional<String> variable(Map<String, String> environment, String name) {
    return Optional.ofNullable(environment.get(name))
        .map(String::strip)
        .filter(value -> !value.isEmpty());
  }

  @Override
  public String toString() {
    return base.toString();
  }
}
