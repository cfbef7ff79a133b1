package org.sparklora.hub.loopback;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;

/**
 * Lets this JVM, and processes that are started with {@link #variables}, use a loopback hub: one
 * that holds {@link #TOKEN}, as user {@code ada}.
 */
public final class LoopbackEnvironment implements AutoCloseable {
  public static final String TOKEN = "hf_SecretOfTheTests0123456789";
  public static final String USER = "ada";

  private final LoopbackHub hub;
  private final Path home;
  private final Properties before = new Properties();

  private LoopbackEnvironment(LoopbackHub hub, Path home) {
    this.hub = hub;
    this.home = home;
    before.putAll(System.getProperties());
  }

  /** With an empty cache, and a token file, below {@code folder}. */
  public static LoopbackEnvironment start(Path folder) throws IOException {
    Path home = Files.createDirectories(folder.resolve("hf-home"));
    Files.writeString(home.resolve("token"), TOKEN);
    LoopbackEnvironment environment =
        new LoopbackEnvironment(LoopbackHub.start().account(TOKEN, USER), home);
    environment.variables().forEach(System::setProperty);
    return environment;
  }

  public LoopbackHub hub() {
    return hub;
  }

  /** The cache's folder. */
  public Path cache() {
    return home.resolve("hub");
  }

  /** Whether the hub may be asked. */
  public void offline(boolean offline) {
    System.setProperty("HF_HUB_OFFLINE", offline ? "1" : "0");
  }

  /** Environment variables for another process. */
  public Map<String, String> variables() {
    Map<String, String> variables = new HashMap<>();
    variables.put("HF_ENDPOINT", hub.endpoint());
    variables.put("HF_HOME", home.toString());
    variables.put("HF_HUB_CACHE", cache().toString());
    variables.put("HF_TOKEN_PATH", home.resolve("token").toString());
    return variables;
  }

  @Override
  public void close() {
    System.setProperties(before);
    hub.close();
  }
}
