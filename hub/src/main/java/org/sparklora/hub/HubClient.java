package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.hub.HubException.Kind;

/**
 * Reads repositories of the hub through the cache: resolves a revision to a commit, and a commit to
 * a folder with the wanted files. Files in the cache are not requested again.
 *
 * <p>Thread-safe. A revision keeps its commit until {@link #lookUpAnew}, even if someone pushes
 * meanwhile, so that all parts of a run see one state.
 */
public final class HubClient {
  private static final Logger LOG = LoggerFactory.getLogger(HubClient.class);
  private static final Pattern NEXT = Pattern.compile("<([^>]+)>\\s*;[^,]*\\brel=\"?next\"?");
  private static final int MAX_PAGES = 10_000;
  private static final int MAX_FILES = 1_000_000;

  private static final Map<HubConfig, HubClient> SHARED = new ConcurrentHashMap<>();

  private final HubConfig config;
  private final HubHttp http;
  private final HubCache cache;
  private final Map<HubReference, String> commits = new ConcurrentHashMap<>();

  /** The shared client of this process, for the hub that the environment names. */
  public static HubClient shared() {
    return SHARED.computeIfAbsent(HubConfig.ofEnvironment(), HubClient::new);
  }

  /** The shared client of an executor, for the hub that the driver uses. */
  public static HubClient shared(String endpoint) {
    return SHARED.computeIfAbsent(
        HubConfig.ofEnvironment().withEndpoint(URI.create(endpoint)), HubClient::new);
  }

  /**
   * Forgets the commits of revisions at the beginning of a command: in a long-lived process, such
   * as a notebook's, a branch may have moved since the last command.
   */
  public static void lookUpAnew() {
    SHARED.values().forEach(HubClient::forgetRevisions);
  }

  void forgetRevisions() {
    commits.clear();
  }

  public HubClient(HubConfig config) {
    this(config, duration -> Thread.sleep(duration.toMillis()));
  }

  HubClient(HubConfig config, RetryPause pause) {
    this.config = config;
    this.http = new HubHttp(config, pause, HubConfig.PUBLIC_HUB);
    this.cache = new HubCache(config.cache(), config.symlinks());
  }

  public HubConfig config() {
    return config;
  }

  HubHttp http() {
    return http;
  }

  /**
   * The commit of a branch, a tag or a shortened id; from the cache if the client is offline or the
   * hub does not answer.
   *
   * @throws HubException if the revision has no commit
   */
  public String commit(HubRepo repo, String revision) {
    HubCache.requireRevision(revision);
    return HubCache.isCommit(revision)
        ? revision
        : commits.computeIfAbsent(new HubReference(repo, revision), key -> ask(repo, revision));
  }

  private String ask(HubRepo repo, String revision) {
    Optional<String> cached = cache.commit(repo, revision);
    if (config.offline()) {
      return cached.orElseThrow(() -> offline(repo, revision));
    }
    try {
      // with a cached commit, an absent network should not cost half a minute
      int retries = cached.isPresent() ? 0 : HubRequest.RETRIES;
      String commit = newest(repo, revision, HubSubject.read(repo, revision), retries);
      cache.saveCommit(repo, revision, commit);
      return commit;
    } catch (HubException e) {
      if (!e.isNoAnswer() || cached.isEmpty()) {
        throw e;
      }
      LOG.warn(
          "Using commit {} of {} from the cache, revision {} may have moved on: {}",
          cached.get(),
          repo,
          revision,
          e.getMessage());
      return cached.get();
    }
  }

  /** Asks the hub for the newest commit of a revision; {@link #commit} may know an older one. */
  String newest(HubRepo repo, String revision, HubSubject about, int retries) {
    HubRequest request = HubRequest.get(http.api(repo, "revision", revision), about);
    String commit = http.sendForJson(request.triedAgain(retries)).path("sha").asText();
    if (!HubCache.isCommit(commit)) {
      throw Kind.SERVER.error(
          "The hub names no commit for %s; check that HF_ENDPOINT is a hub", about);
    }
    return commit;
  }

  /**
   * All files of a commit, sorted by path.
   *
   * @throws HubException if the hub has no such commit, or the client is offline and the cache
   *     lacks the commit
   */
  public List<HubFile> files(HubRepo repo, String commit) {
    Optional<List<HubFile>> known = cache.tree(repo, commit);
    if (known.isPresent()) {
      return known.get();
    }
    if (config.offline()) {
      // an older huggingface_hub saved no list: use the files that it downloaded
      List<HubFile> downloaded = cache.files(repo, commit);
      if (downloaded.isEmpty()) {
        throw offline(repo, commit);
      }
      return downloaded;
    }
    List<HubFile> files = new ArrayList<>();
    HubSubject about = HubSubject.read(repo, commit);
    URI page = URI.create(http.api(repo, "tree", commit) + "?recursive=true&expand=false");
    for (int pages = 0; pages < MAX_PAGES && files.size() < MAX_FILES; pages++) {
      HubHttp.Answer<JsonNode> answer = http.ask(HubRequest.get(page, about));
      if (!answer.body().isArray()) {
        throw Kind.SERVER.error(
            "The answer about the files of %s is no list; check that HF_ENDPOINT is a hub and that no proxy changes answers",
            about);
      }
      for (JsonNode entry : answer.body()) {
        if (entry.path("type").asText().equals("file")) {
          files.add(
              new HubFile(
                  entry.path("path").asText(),
                  entry.path("size").asLong(),
                  entry.path("oid").asText(),
                  Optional.ofNullable(entry.path("lfs").path("oid").textValue())));
        }
      }
      Matcher next = NEXT.matcher(answer.headers().firstValue("Link").orElse(""));
      if (!next.find()) {
        cache.saveTree(repo, commit, files);
        files.sort(Comparator.comparing(HubFile::path));
        return files;
      }
      page = http.resolve(page, next.group(1));
    }
    throw Kind.SERVER.error(
        "The hub's list of the files of %s has no end; check that HF_ENDPOINT is a hub", about);
  }

  /**
   * The folder that shows a commit's files.
   *
   * @param wanted accepts the files that are needed; the folder may have others as well
   * @throws HubException if no file is wanted, or one cannot be downloaded
   */
  public Path snapshot(
      HubRepo repo, String commit, Predicate<HubFile> wanted, TransferListener listener) {
    Path folder = cache.snapshot(repo, commit);
    List<HubFile> files = files(repo, commit).stream().filter(wanted).toList();
    if (files.isEmpty()) {
      throw Kind.NO_FILE.error(
          "Cannot use %s (commit %s): it has none of the files that are needed; look at its files at %s",
          repo, commit, config.endpoint() + repo.path());
    }
    List<HubFile> missing =
        files.stream().filter(file -> !Files.exists(cache.pointer(repo, commit, file))).toList();
    if (missing.isEmpty()) {
      return folder;
    }
    if (config.offline()) {
      throw lacks(repo, commit, missing);
    }
    requireRoom(repo, missing);
    new SnapshotDownload(
            missing.stream()
                .map(file -> new FileDownload(http, cache, repo, commit, file))
                .toList(),
            missing.stream().mapToLong(HubFile::bytes).sum(),
            "download " + repo.id(),
            listener)
        .run();
    return folder;
  }

  /**
   * The first bytes of a file, from the cache or by a partial download, which cannot be checked
   * against the file's hash.
   *
   * @param count the largest number of bytes; the file may be shorter
   * @throws HubException if the hub refuses the file, or the client is offline
   */
  public byte[] front(HubRepo repo, String commit, HubFile file, int count) {
    Path pointer = cache.pointer(repo, commit, file);
    int bytes = (int) Math.min(count, file.bytes());
    if (Files.exists(pointer)) {
      try (InputStream in = Files.newInputStream(pointer)) {
        return in.readNBytes(bytes);
      } catch (IOException e) {
        throw HubCache.failed("read", pointer, e);
      }
    }
    if (config.offline()) {
      throw lacks(repo, commit, List.of(file));
    }
    if (bytes == 0) {
      return new byte[0]; // an empty file has no range to request
    }
    HubRequest request =
        HubRequest.get(
                http.uri(repo.path() + "/resolve/" + commit + "/" + file.path()),
                HubSubject.of(repo, commit).withFile(file.path()))
            .with("Accept-Encoding", "identity")
            .with("Range", "bytes=0-" + (bytes - 1));
    return http.front(request, bytes);
  }

  private HubException lacks(HubRepo repo, String commit, List<HubFile> missing) {
    return Kind.OFFLINE.error(
        "Cannot use %s (commit %s) offline: the cache %s lacks %s of its files (%s); unset HF_HUB_OFFLINE once to download them",
        repo, commit, config.cache(), missing.size(), missing.get(0).path());
  }

  /** Refuses a download that the disk cannot hold, before it begins. */
  private void requireRoom(HubRepo repo, List<HubFile> missing) {
    long bytes = missing.stream().mapToLong(file -> cache.neededBytes(repo, file)).sum();
    try {
      long room = Files.getFileStore(Files.createDirectories(config.cache())).getUsableSpace();
      if (room < bytes && room > 0) {
        throw Kind.CACHE.error(
            "Cannot download %s: %,d bytes are missing and %s has room for %,d; make room or set HF_HUB_CACHE to another disk",
            repo, bytes, config.cache(), room);
      }
    } catch (IOException e) {
      throw HubCache.failed("make", config.cache(), e);
    }
  }

  private HubException offline(HubRepo repo, String revision) {
    return Kind.OFFLINE.error(
        "Cannot use %s (revision %s) offline: the cache %s has no such revision; unset HF_HUB_OFFLINE once to download it, or name a local folder",
        repo, revision, config.cache());
  }
}
