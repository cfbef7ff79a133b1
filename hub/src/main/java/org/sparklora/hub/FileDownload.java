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
import org.sparklora.hub.HubException.Kind;

/**
 * Downloads one file into the cache: {@code HEAD} yields its ETag, {@code GET} fetches the bytes
 * that earlier attempts did not, and size and hash are checked before a snapshot shows the file.
 *
 * <p>One thread downloads one file.
 */
final class FileDownload {
  private static final int LONGEST_SHOWN = 100;
  private static final int BUFFER_BYTES = 1 << 16;

  /** An attempt that fetches fewer bytes counts as a failure. */
  private static final long PROGRESS_BYTES = 1 << 16;

  private final HubHttp http;
  private final HubCache cache;
  private final HubRepo repo;
  private final String commit;
  private final HubFile file;

  /** The file's address at the hub, which may redirect to a storage that must not see the token. */
  private final URI uri;

  private final HubSubject about;

  FileDownload(HubHttp http, HubCache cache, HubRepo repo, String commit, HubFile file) {
    this.http = http;
    this.cache = cache;
    this.repo = repo;
    this.commit = commit;
    this.file = file;
    this.uri = http.uri(repo.path() + "/resolve/" + commit + "/" + file.path());
    this.about = HubSubject.of(repo, commit).withFile(file.path());
  }

  /**
   * Downloads the file, unless the cache has its contents, and shows it in the snapshot.
   *
   * @param meter counts the bytes
   */
  void run(SnapshotDownload meter) {
    requireListed();
    Path blob = cache.blob(repo, file.etag());
    try {
      cache.locked(
          repo,
          file.etag(),
          part -> {
            if (Files.exists(blob)) {
              meter.found(file.bytes());
            } else {
              fetch(part, meter);
              Files.move(part, blob, StandardCopyOption.ATOMIC_MOVE);
            }
            cache.link(repo, commit, file, blob);
          });
    } catch (IOException e) {
      throw HubCache.failed("write", blob, e);
    }
  }

  /** Checks that the hub has the file, with the hash that its list of files names. */
  private void requireListed() {
    HttpHeaders headers =
        http.headers(HubRequest.head(uri, about).with("Accept-Encoding", "identity"));
    String etag =
        headers
            .firstValue("X-Linked-Etag")
            .filter(linked -> !linked.isEmpty())
            .or(() -> headers.firstValue("ETag"))
            .orElse("");
    etag = etag.replaceFirst("^W/", "").replace("\"", "");
    requireSame("X-Repo-Commit", commit, headers.firstValue("X-Repo-Commit"));
    requireSame("ETag", file.etag(), Optional.of(etag));
  }

  /**
   * Refuses the answer of a proxy in the hub's place, or of another commit than the requested one.
   */
  private void requireSame(String header, String expected, Optional<String> actual) {
    if (!actual.equals(Optional.of(expected))) {
      throw Kind.SERVER.error(
          "Cannot trust the answer about %s: its %s is %s, not %s; check that HF_ENDPOINT is a hub and that no proxy changes answers",
          about,
          header,
          PlainText.line(actual.orElse("missing"), LONGEST_SHOWN),
          PlainText.line(expected, LONGEST_SHOWN));
    }
  }

  private void fetch(Path part, SnapshotDownload meter) throws IOException {
    Files.createDirectories(part.getParent());
    long before = part.toFile().length(); // 0 if it is missing
    meter.found(Math.min(before, file.bytes()));
    boolean resumed = before > 0;
    int failures = 0;
    while (true) {
      long start = part.toFile().length();
      if (start < file.bytes() || !Files.exists(part)) {
        Optional<IOException> broken = append(part, start, meter);
        long size = Files.size(part);
        if (size < file.bytes()) {
          failures = size - start < PROGRESS_BYTES ? failures + 1 : 0;
          if (failures > HubRequest.RETRIES) {
            throw http.unreachable(
                about, broken.orElse(new IOException("the answer ends too early")));
          }
          http.pause().before(failures, Duration.ZERO);
          continue;
        }
      }
      if (isWhole(part)) {
        return;
      }
      long wrong = Files.size(part);
      Files.delete(part);
      if (!resumed) {
        throw Kind.DAMAGED.error(
            "Cannot use %s: what came does not have the %s that the hub names (%s); try again, and check proxies if it stays so",
            about, wrong == file.bytes() ? "hash" : "size", file.etag());
      }
      resumed = false; // an earlier attempt may have written a wrong beginning
      meter.came(-Math.min(wrong, file.bytes()));
    }
  }

  private boolean isWhole(Path part) throws IOException {
    return Files.size(part) == file.bytes()
        && ContentHash.like(file.etag(), part).orElse(file.etag()).equals(file.etag());
  }

  /**
   * Appends the body of one response to {@code part}.
   *
   * @return the error that broke off the transfer, if any
   */
  private Optional<IOException> append(Path part, long start, SnapshotDownload meter)
      throws IOException {
    // not from the last redirect's target: that address expires, so each attempt asks for it anew
    HubRequest request = HubRequest.get(uri, about).with("Accept-Encoding", "identity");
    HttpResponse<InputStream> response =
        http.send(start > 0 ? request.with("Range", "bytes=" + start + "-") : request);
    boolean goesOn = start > 0 && response.statusCode() == 206;
    if (start > 0 && !goesOn) {
      meter.came(-start); // the server sends the whole file again
    }
    try (InputStream body = response.body(); // closed also if the file cannot be opened
        OutputStream out =
            goesOn
                ? Files.newOutputStream(part, StandardOpenOption.APPEND)
                : Files.newOutputStream(part)) {
      return copy(body, out, file.bytes() - (goesOn ? start : 0), meter::came);
    }
  }

  /** Returns failures to read, which are the network's; throws failures to write, the disk's. */
  private Optional<IOException> copy(
      InputStream body, OutputStream out, long wanted, LongConsumer came) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long left = wanted + 1; // one byte more shows a body that is too long
    try (BoundedBody guard = BoundedBody.ofDownload(body, http.timeout())) {
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
