package org.sparklora.hub;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.URI;
import java.net.http.HttpHeaders;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * Brings one file into the cache: {@code HEAD} says what it is, {@code GET} brings what an earlier
 * attempt has not brought yet, and what came is checked against size and hash before it is shown.
 *
 * <p>One thread downloads one file.
 */
final class FileDownload {
  /** Name of what is not whole yet; {@code huggingface_hub} never takes such a file for a blob. */
  private static final String INCOMPLETE = ".spark-lora.incomplete";

  private static final int LONGEST_SHOWN = 100;
  private static final int BUFFER_BYTES = 1 << 16;

  /** An attempt that brings less is a failure, as one that brings nothing. */
  private static final long PROGRESS_BYTES = 1 << 16;

  private final HubHttp http;
  private final HubCache cache;
  private final RetryPause pause;
  private final Duration stallTimeout;
  private final HubRepo repo;
  private final String commit;
  private final HubFile file;
  private final HubSubject about;

  FileDownload(
      HubHttp http,
      HubCache cache,
      RetryPause pause,
      Duration stallTimeout,
      HubRepo repo,
      String commit,
      HubFile file) {
    this.http = http;
    this.cache = cache;
    this.pause = pause;
    this.stallTimeout = stallTimeout;
    this.repo = repo;
    this.commit = commit;
    this.file = file;
    this.about = HubSubject.of(repo, commit).withFile(file.path());
  }

  /** Counts what a download brings. */
  interface Meter {
    /** Bytes that were there already. */
    void found(long bytes);

    /** Bytes that came now; negative when they have to come again. */
    void came(long bytes);
  }

  /** Does nothing where the snapshot shows the file already. */
  void run(Meter meter) {
    Path pointer = cache.pointer(repo, commit, file);
    if (Files.exists(pointer)) {
      meter.found(file.bytes());
      return;
    }
    Source source = source();
    Path blob = cache.blob(repo, source.etag());
    try {
      cache.locked(
          repo,
          source.etag(),
          () -> {
            if (Files.exists(blob)) {
              meter.found(file.bytes());
            } else {
              fetch(source, blob, meter);
            }
            cache.link(repo, commit, file, blob);
          });
    } catch (IOException e) {
      throw HubCache.failed("write", blob, e);
    }
  }

  /**
   * What a file is and where it comes from.
   *
   * @param uri at the hub, or at a storage of its own that must not see the token
   * @param etag its hash, and its name in the cache
   */
  private record Source(URI uri, String etag, long bytes) {}

  private Source source() {
    URI uri = http.uri(repo.path() + "/resolve/" + commit + "/" + file.path());
    HttpResponse<InputStream> response =
        http.send(HubRequest.head(uri, about).with("Accept-Encoding", "identity"));
    HubHttp.discard(response);
    HttpHeaders headers = response.headers();
    String etag =
        headers
            .firstValue("X-Linked-Etag")
            .filter(linked -> !linked.isEmpty())
            .or(() -> headers.firstValue("ETag"))
            .orElse("");
    etag = etag.replaceFirst("^W/", "").replace("\"", "");
    requireSame("X-Repo-Commit", commit, headers.firstValue("X-Repo-Commit"));
    requireSame("ETag", file.sha256().orElse(file.blobId()), Optional.of(etag));
    // where it is redirected to is asked for anew by each attempt: such addresses expire
    return new Source(uri, etag, file.bytes());
  }

  /** A proxy that answers in the hub's place, or a commit that is not the one we asked for. */
  private void requireSame(String header, String expected, Optional<String> actual) {
    if (!actual.equals(Optional.of(expected))) {
      throw new HubException(
          HubException.Kind.SERVER,
          "Cannot trust the answer about %s: its %s is %s, not %s; check that HF_ENDPOINT is a hub and that no proxy changes answers"
              .formatted(
                  about,
                  header,
                  PlainText.line(actual.orElse("missing"), LONGEST_SHOWN),
                  PlainText.line(expected, LONGEST_SHOWN)));
    }
  }

  private void fetch(Source source, Path blob, Meter meter) throws IOException {
    Files.createDirectories(blob.getParent());
    Path part = blob.resolveSibling(blob.getFileName() + INCOMPLETE);
    long before = Files.exists(part) ? Files.size(part) : 0;
    meter.found(Math.min(before, source.bytes()));
    boolean resumed = before > 0;
    int failures = 0;
    while (true) {
      long start = Files.exists(part) ? Files.size(part) : 0;
      if (start < source.bytes() || !Files.exists(part)) {
        Optional<IOException> broken = append(source, part, start, meter);
        long size = Files.size(part);
        if (size < source.bytes()) {
          failures = size - start < PROGRESS_BYTES ? failures + 1 : 0;
          if (failures > HubRequest.RETRIES) {
            throw http.unreachable(
                about, broken.orElse(new IOException("the answer ends too early")));
          }
          pause.before(failures, Duration.ZERO);
          continue;
        }
      }
      if (isWhole(source, part)) {
        Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE);
        return;
      }
      long wrong = Files.size(part);
      Files.delete(part);
      if (!resumed) {
        throw new HubException(
            HubException.Kind.DAMAGED,
            "Cannot use %s: what came does not have the %s that the hub names (%s); try again, and check proxies if it stays so"
                .formatted(about, wrong == source.bytes() ? "hash" : "size", source.etag()));
      }
      resumed = false; // its beginning may have been another attempt's fault
      meter.came(-Math.min(wrong, source.bytes()));
    }
  }

  private static boolean isWhole(Source source, Path part) throws IOException {
    if (Files.size(part) != source.bytes()) {
      return false;
    }
    Optional<ContentHash> hash = ContentHash.of(source.etag(), source.bytes());
    if (hash.isPresent()) {
      hash.get().add(part);
      return hash.get().matches();
    }
    return true;
  }

  /**
   * Appends what one answer brings.
   *
   * @return why it broke off, if it did
   */
  private Optional<IOException> append(Source source, Path part, long start, Meter meter)
      throws IOException {
    HubRequest request = HubRequest.get(source.uri(), about).with("Accept-Encoding", "identity");
    HttpResponse<InputStream> response =
        http.send(start > 0 ? request.with("Range", "bytes=" + start + "-") : request);
    boolean goesOn = start > 0 && response.statusCode() == 206;
    if (start > 0 && !goesOn) {
      meter.came(-start); // the server sends all of it again
    }
    try (OutputStream out = goesOn ? appending(part) : Files.newOutputStream(part)) {
      return copy(response.body(), out, source.bytes() - (goesOn ? start : 0), meter::came);
    }
  }

  private static OutputStream appending(Path part) throws IOException {
    return Files.newOutputStream(part, StandardOpenOption.APPEND);
  }

  /** Failures to read are the network's and returned; failures to write are the disk's. */
  private Optional<IOException> copy(
      InputStream body, OutputStream out, long wanted, LongConsumer came) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long left = wanted + 1; // one more shows an answer that is too long
    try (StallGuard guard = StallGuard.of(body, stallTimeout)) {
      while (left > 0) {
        int read;
        try {
          read = body.read(buffer, 0, (int) Math.min(buffer.length, left));
        } catch (IOException e) {
          return Optional.of(e);
        }
        if (read < 0) {
          return Optional.empty();
        }
        guard.alive(read);
        out.write(buffer, 0, read);
        left -= read;
        came.accept(read);
      }
    }
    return Optional.empty();
  }
}
