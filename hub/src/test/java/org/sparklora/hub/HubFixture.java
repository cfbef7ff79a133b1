package org.sparklora.hub;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.sparklora.hub.loopback.LoopbackFaults.Request;
import org.sparklora.hub.loopback.LoopbackHub;

/** A loopback hub, a cache, and clients whose pauses are noted instead of slept. */
final class HubFixture implements AutoCloseable {
  static final String TOKEN = "hf_SecretOfTheTests0123456789";
  static final Predicate<HubFile> ALL = file -> true;

  final LoopbackHub server;
  final Path cache;
  final List<Duration> pauses = new CopyOnWriteArrayList<>();

  HubFixture(Path folder) throws IOException {
    server = LoopbackHub.start().account(TOKEN, "ada");
    cache = folder.resolve("hub");
  }

  HubConfig config() {
    return config(false, true, Duration.ofSeconds(5));
  }

  HubConfig config(boolean offline, boolean symlinks, Duration timeout) {
    return new HubConfig(
        URI.create(server.endpoint()), cache, Optional.empty(), offline, symlinks, timeout);
  }

  HubConfig withToken() {
    return config().withToken(Optional.of(HubToken.of(TOKEN)));
  }

  HubConfig offline() {
    return config(true, true, Duration.ofSeconds(5));
  }

  HubClient client(HubConfig config) {
    return new HubClient(config, pauses::add);
  }

  HubClient client() {
    return client(config());
  }

  /** Downloads all of {@code main}. */
  Path download(HubClient client, HubRepo repo) {
    return client.snapshot(repo, client.commit(repo, "main"), ALL, TransferListener.SILENT);
  }

  HubUpload upload() {
    return new HubUpload(client(withToken()), TransferListener.SILENT);
  }

  /** How often a request came whose method and path begin so. */
  long count(String methodAndPath) {
    return requests(methodAndPath).size();
  }

  List<Request> requests(String methodAndPath) {
    return server.faults().requests().stream()
        .filter(request -> (request.method() + " " + request.path()).startsWith(methodAndPath))
        .toList();
  }

  /** Names of files in the cache, relative to it. */
  List<String> cached() throws IOException {
    if (!Files.exists(cache)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(cache)) {
      return files
          .filter(file -> !Files.isDirectory(file))
          .map(file -> cache.relativize(file).toString())
          .sorted()
          .toList();
    }
  }

  @Override
  public void close() {
    server.close();
  }
}
