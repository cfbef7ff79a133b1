package org.sparklora.hub.loopback;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.StreamSupport;

/** Git LFS's protocol: where a large file is to be sent, and whether it came. */
final class LoopbackLargeFiles {
  private final LoopbackHub server;

  LoopbackLargeFiles(LoopbackHub server) {
    this.server = server;
  }

  /**
   * @param action {@code batch} or {@code verify}
   */
  void handle(LoopbackExchange exchange, LoopbackRepo repo, String action, Optional<String> user)
      throws IOException {
    if (!user.equals(Optional.of(repo.owner()))) {
      exchange.error(403, "", "no right to write");
      return;
    }
    JsonNode question = exchange.json();
    if (action.equals("verify")) {
      byte[] bytes = server.objects().get(question.path("oid").asText());
      if (bytes == null || bytes.length != question.path("size").asLong()) {
        exchange.error(404, "", "no such object");
      } else {
        exchange.answer(LoopbackExchange.JSON.createObjectNode());
      }
      return;
    }
    boolean offersXet =
        StreamSupport.stream(question.path("transfers").spliterator(), false)
            .anyMatch(transfer -> transfer.asText().equals("xet"));
    ObjectNode answer =
        LoopbackExchange.JSON
            .createObjectNode()
            .put("transfer", repo.isXet() && offersXet ? "xet" : "basic");
    ArrayNode objects = answer.putArray("objects");
    for (JsonNode wanted : question.path("objects")) {
      String oid = wanted.path("oid").asText();
      ObjectNode object =
          objects.addObject().put("oid", oid).put("size", wanted.path("size").asLong());
      if (!server.objects().containsKey(oid)) {
        ObjectNode actions = object.putObject("actions");
        upload(actions.putObject("upload"), oid, wanted.path("size").asLong());
        actions
            .putObject("verify")
            .put("href", server.endpoint() + exchange.rawPath().replace("/batch", "/verify"));
      }
    }
    exchange.answer(answer);
  }

  private void upload(ObjectNode action, String oid, long bytes) {
    int part = server.partBytes();
    if (bytes <= part) {
      action.put("href", server.signed("objects/" + oid));
      return;
    }
    action.put("href", server.signed("complete/" + oid));
    ObjectNode header = action.putObject("header").put("chunk_size", Integer.toString(part));
    for (int number = 1; (long) (number - 1) * part < bytes; number++) {
      header.put(Integer.toString(number), server.signed("part/" + oid + "/" + number));
    }
  }
}
