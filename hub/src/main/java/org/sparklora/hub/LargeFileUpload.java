package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.channels.Channels;
import java.nio.channels.SeekableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.hub.HubException.Kind;

/**
 * Uploads large files to the hub's storage by the Git LFS protocol: whole ({@code basic}), or in
 * parts if the hub says so ({@code multipart}). The storage's addresses are signed for one file,
 * and requests to them carry no token.
 */
final class LargeFileUpload {
  private static final String LFS_JSON = "application/vnd.git-lfs+json";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final HubHttp http;
  private final HubRepo repo;
  private final String revision;

  LargeFileUpload(HubHttp http, HubRepo repo, String revision) {
    this.http = http;
    this.repo = repo;
    this.revision = revision;
  }

  /** Uploads a file, unless the storage has its contents. */
  void send(Addition file) throws IOException {
    HubSubject about = HubSubject.of(repo, revision).withFile(file.path());
    JsonNode object = ask(file, about);
    if (object.has("error")) {
      throw Kind.SERVER.error(
          "The hub does not take %s (%s); look at its limits, or push again later",
          about, object.path("error").path("message").asText());
    }
    JsonNode upload = object.path("actions").path("upload");
    if (upload.isMissingNode()) {
      return; // the storage has the contents
    }
    URI target = address(upload, about);
    JsonNode header = upload.path("header");
    if (header.has("chunk_size")) {
      sendParts(file, target, header, about);
    } else {
      http.headers(new HubRequest("PUT", target, BodyPublishers.ofFile(file.file()), about));
    }
    JsonNode verify = object.path("actions").path("verify");
    if (!verify.isMissingNode()) {
      ObjectNode claim =
          JSON.createObjectNode().put("oid", file.sha256()).put("size", file.bytes());
      http.headers(HubRequest.post(address(verify, about), claim, about));
    }
  }

  private JsonNode ask(Addition file, HubSubject about) {
    ObjectNode question = JSON.createObjectNode().put("operation", "upload");
    question.putArray("transfers").add("basic").add("multipart");
    question.putArray("objects").addObject().put("oid", file.sha256()).put("size", file.bytes());
    question.put("hash_algo", "sha256");
    question.putObject("ref").put("name", revision);
    URI batch = http.uri(repo.path() + ".git/info/lfs/objects/batch");
    return http.sendForJson(lfs(batch, question, about)).path("objects").path(0);
  }

  private static HubRequest lfs(URI uri, JsonNode json, HubSubject about) {
    return HubRequest.post(uri, json, about)
        .with("Accept", LFS_JSON)
        .with("Content-Type", LFS_JSON);
  }

  private URI address(JsonNode action, HubSubject about) {
    String href = action.path("href").asText();
    if (href.isEmpty()) {
      throw Kind.SERVER.error("The hub names no address for %s; push again later", about);
    }
    return http.resolve(http.uri("/"), href);
  }

  private void sendParts(Addition file, URI completion, JsonNode header, HubSubject about) {
    long bytes = file.bytes();
    long partBytes = header.path("chunk_size").asLong();
    Map<Integer, String> addresses = new TreeMap<>();
    for (Map.Entry<String, JsonNode> entry : header.properties()) {
      if (entry.getKey().matches("\\d{1,6}")) {
        addresses.put(Integer.valueOf(entry.getKey()), entry.getValue().asText());
      }
    }
    if (partBytes <= 0 || addresses.size() != (bytes + partBytes - 1) / partBytes) {
      throw Kind.SERVER.error(
          "The hub names %s parts of %s bytes for %s, which has %s; push again later",
          addresses.size(), partBytes, about, bytes);
    }
    ObjectNode claim = JSON.createObjectNode().put("oid", file.sha256());
    ArrayNode parts = claim.putArray("parts");
    long start = 0;
    for (String address : addresses.values()) {
      URI target = http.resolve(http.uri("/"), address);
      long length = Math.min(partBytes, bytes - start);
      BodyPublisher part = slice(file.file(), start, length);
      String etag =
          http.headers(new HubRequest("PUT", target, part, about)).firstValue("ETag").orElse("");
      parts.addObject().put("partNumber", parts.size()).put("etag", etag);
      start += length;
    }
    http.headers(lfs(completion, claim, about));
  }

  /** A part of a file, read again by each attempt; storages need the header Content-Length. */
  private static BodyPublisher slice(Path file, long start, long length) {
    BodyPublisher stream =
        BodyPublishers.ofInputStream(
            () -> {
              try {
                SeekableByteChannel channel = Files.newByteChannel(file).position(start);
                return new BoundedInput(Channels.newInputStream(channel), length);
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    return BodyPublishers.fromPublisher(stream, length);
  }

  /** The first {@code length} bytes of a stream. */
  private static final class BoundedInput extends FilterInputStream {
    private long left;

    BoundedInput(InputStream in, long length) {
      super(in);
      this.left = length;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
      if (left == 0) {
        return -1;
      }
      int read = in.read(buffer, offset, (int) Math.min(length, left));
      left -= Math.max(0, read);
      return read;
    }
  }
}
