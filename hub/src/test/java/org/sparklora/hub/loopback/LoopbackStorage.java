package org.sparklora.hub.loopback;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The storage of large files, at an address of its own. As S3 does, it refuses requests that carry
 * an {@code Authorization} besides their signature.
 */
final class LoopbackStorage {
  private static final String SIGNED = "signature=";

  private final LoopbackHub server;
  private final Map<String, Map<Integer, byte[]>> parts = new ConcurrentHashMap<>();

  LoopbackStorage(LoopbackHub server) {
    this.server = server;
  }

  void handle(LoopbackExchange exchange) throws IOException {
    if (!exchange.requestHeader("Authorization").isEmpty()) {
      exchange.error(400, "", "Only one auth mechanism allowed");
      return;
    }
    String[] path = exchange.path().substring(1).split("/");
    switch (path[0]) {
      case "objects" -> object(exchange, path[1]);
      case "part" -> {
        byte[] bytes = exchange.body();
        parts.computeIfAbsent(path[1], key -> new TreeMap<>()).put(Integer.valueOf(path[2]), bytes);
        exchange.header("ETag", "\"" + LoopbackRepo.hash("MD5", bytes) + "\"");
        exchange.send(200, new byte[0]);
      }
      case "complete" -> complete(exchange, path[1]);
      default -> exchange.error(404, "", "no such address");
    }
  }

  private void object(LoopbackExchange exchange, String sha256) throws IOException {
    if (!exchange.query().startsWith(SIGNED)) {
      exchange.error(403, "", "not signed");
    } else if (exchange.method().equals("PUT")) {
      store(exchange, sha256, exchange.body());
    } else if (server.objects().containsKey(sha256)) {
      exchange.header("ETag", "\"" + sha256 + "\"");
      exchange.content(server.objects().get(sha256));
    } else {
      exchange.error(404, "", "no such object");
    }
  }

  private void complete(LoopbackExchange exchange, String sha256) throws IOException {
    var claim = exchange.json();
    Map<Integer, byte[]> known = parts.getOrDefault(sha256, Map.of());
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (var part : claim.path("parts")) {
      byte[] bytes = known.get(part.path("partNumber").asInt());
      String etag = bytes == null ? "" : "\"" + LoopbackRepo.hash("MD5", bytes) + "\"";
      if (!part.path("etag").asText().equals(etag)) {
        exchange.error(400, "", "wrong ETag of a part");
        return;
      }
      all.write(bytes);
    }
    store(exchange, sha256, all.toByteArray());
  }

  private void store(LoopbackExchange exchange, String sha256, byte[] bytes) throws IOException {
    if (!LoopbackRepo.hash("SHA-256", bytes).equals(sha256)) {
      exchange.error(400, "", "the contents do not have the hash that was announced");
      return;
    }
    server.objects().put(sha256, bytes);
    exchange.header("Content-Type", "application/json");
    exchange.send(200, "{}".getBytes(java.nio.charset.StandardCharsets.UTF_8));
  }
}
