package org.sparklora.train.vllm;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

/**
 * Which vLLM servers generate.
 *
 * @param urls {@code vllm_server_base_url}: addresses of the servers, without a slash at the end
 * @param timeout {@code vllm_server_timeout}: longest wait for a server to be up, and for an answer
 * @param adapterDir {@code vllm_adapter_dir}: where adapters are written for the servers
 * @param isOwnDir whether that folder is this command's own, which deletes it at the end
 */
public record VllmConfig(List<String> urls, Duration timeout, String adapterDir, boolean isOwnDir) {
  private static final String SERVER = "server";

  /** Java calls no host with an underscore, and no port above 65535. */
  private static final String ADDRESS =
      "https?://(\\[[\\p{XDigit}:.]+(%\\w+)?\\]|[a-zA-Z0-9.-]+)(:([1-5]?\\d{1,4}|6[0-4]\\d{3}|65[0-4]\\d{2}|655[0-2]\\d|6553[0-5]))?(/[^\\s?#]*)?";

  private static final double MILLIS = 1000;

  /** 31 years, which a long still counts in nanoseconds. */
  private static final double MOST_MILLIS = 1e12;

  /** Empty if this project's decoder generates; {@code ownDir} is the default for adapters. */
  public static Optional<VllmConfig> of(Settings settings, String ownDir) {
    if (!settings.get(Flags.USE_VLLM)) {
      return Optional.empty();
    }
    String mode = settings.get(Flags.VLLM_MODE);
    ConfigException.require(
        mode.equals(SERVER),
        Flags.VLLM_MODE,
        mode,
        "this process has no vLLM in it; start servers with vllm serve and name them with --%s %s --%s URL, or leave --%s out: executors then generate themselves"
            .formatted(Flags.VLLM_MODE, SERVER, Flags.VLLM_SERVER_BASE_URL, Flags.USE_VLLM));
    ConfigException.require(
        !settings.find(Flags.LOAD_IN_4BIT).orElse(false),
        Flags.LOAD_IN_4BIT,
        true,
        "servers generate with a base of their own, whose weights are not those of 4 bits; leave it or --%s out"
            .formatted(Flags.USE_VLLM));
    String host =
        "http://%s:%s"
            .formatted(settings.get(Flags.VLLM_SERVER_HOST), settings.get(Flags.VLLM_SERVER_PORT));
    String urls = settings.find(Flags.VLLM_SERVER_BASE_URL).orElse(host);
    ConfigException.require(
        !urls.contains("@"),
        Flags.VLLM_SERVER_BASE_URL,
        urls.replaceAll(".*@", "…@"), // a password stays secret
        "leave the user's name out; a server's key belongs into %s".formatted(VllmServer.KEY));
    return Optional.of(
        new VllmConfig(
            Arrays.stream(urls.split(",")).map(VllmConfig::address).distinct().toList(),
            timeout(settings.get(Flags.VLLM_SERVER_TIMEOUT)),
            settings.find(Flags.VLLM_ADAPTER_DIR).orElse(ownDir),
            settings.find(Flags.VLLM_ADAPTER_DIR).isEmpty()));
  }

  /** At least a millisecond, since Java waits for no shorter time. */
  private static Duration timeout(double seconds) {
    return Duration.ofMillis((long) Math.max(1, Math.min(seconds * MILLIS, MOST_MILLIS)));
  }

  private static String address(String url) {
    String address = url.strip().replaceFirst("/+$", "").replaceFirst("/v1$", "");
    ConfigException.require(
        address.matches(ADDRESS),
        Flags.VLLM_SERVER_BASE_URL,
        url.replaceFirst("(?s)[?].*", "?…"), // a key stays secret
        "write the address of a server, such as http://host:8000, or the IP address of a host with an underscore in its name; several with commas between");
    return address;
  }

  /** The folder of adapters, which servers see under the same path. */
  Path folder() {
    String path = adapterDir.replaceFirst("^file:(//)?(?=/)", "");
    ConfigException.require(
        !path.matches("[a-z0-9]+:.*"),
        Flags.VLLM_ADAPTER_DIR,
        adapterDir,
        "servers read adapters from a path of their file system; name a folder that this machine and all servers have mounted under one path");
    return Path.of(path).toAbsolutePath().normalize();
  }
}
