package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.sparklora.hub.HubException.Kind;

/**
 * Writes to a repository: creates it, uploads large files to the hub's storage, and commits all
 * files at once on top of the latest commit. A push that fails leaves the repository as it was.
 *
 * <p>Not thread-safe.
 */
public final class HubUpload {
  /** Files of one preupload request, as in {@code huggingface_hub}. */
  private static final int PREUPLOAD_FILES = 256;

  /** How often a commit is tried, if another one is made first each time. */
  private static final int COMMIT_TRIES = 5;

  private static final ObjectMapper JSON = new ObjectMapper();

  private final HubClient client;
  private final HubHttp http;
  private final TransferListener listener;

  public HubUpload(HubClient client, TransferListener listener) {
    this.client = client;
    this.http = client.http();
    this.listener = listener;
  }

  /**
   * The repository of a name; without a namespace, one of the token's owner.
   *
   * @throws HubException if the client is offline or without a token, or the hub does not know the
   *     token
   */
  public HubRepo repository(HubRepo.Type type, String name) {
    if (client.config().offline()) {
      throw Kind.OFFLINE.error("Cannot push to %s offline: unset HF_HUB_OFFLINE", name);
    }
    if (client.config().token().isEmpty()) {
      throw Kind.BAD_TOKEN.error(
          "Cannot push to %s without a token: make one with the right to write at %s/settings/tokens and set HF_TOKEN",
          name, client.config().endpoint());
    }
    // sent even if the name is complete: a bad token should show before hours of training
    JsonNode account =
        http.sendForJson(HubRequest.get(http.uri("/api/whoami-v2"), HubSubject.account()));
    return new HubRepo(
        type, name.contains("/") ? name : account.path("name").asText() + "/" + name);
  }

  /**
   * Creates a repository, unless it exists.
   *
   * @param isPrivate whether a new one is private; empty for the account's default
   */
  public void create(HubRepo repo, Optional<Boolean> isPrivate) {
    int slash = repo.id().indexOf('/');
    ObjectNode wanted =
        JSON.createObjectNode()
            .put("name", repo.id().substring(slash + 1))
            .put("organization", repo.id().substring(0, slash))
            .put("type", repo.type().singular());
    isPrivate.ifPresent(hidden -> wanted.put("visibility", hidden ? "private" : "public"));
    HubSubject about = HubSubject.of(repo, "");
    try {
      http.sendForJson(HubRequest.post(http.uri("/api/repos/create"), wanted, about));
    } catch (HubException e) {
      boolean mayExist = e.kind() == Kind.CONFLICT || e.kind() == Kind.FORBIDDEN;
      HubRequest look = HubRequest.get(http.uri(repo.apiPath()), about);
      if (!mayExist || !answers(look, Kind.NO_REPOSITORY)) {
        throw e;
      }
    }
  }

  /**
   * Creates a branch at the commit of {@code main}, unless it exists.
   *
   * @throws HubException if {@code branch} is no branch name, or creating it is not allowed
   */
  public void createBranch(HubRepo repo, String branch) {
    HubSubject about = HubSubject.of(repo, branch);
    if (HubCache.isCommit(HubCache.requireRevision(branch))) {
      throw Kind.NO_REVISION.error("Cannot push to %s: it is a commit; name a branch", about);
    }
    if (answers(HubRequest.get(http.api(repo, "revision", branch), about), Kind.NO_REVISION)) {
      return;
    }
    try {
      http.headers(
          HubRequest.post(http.api(repo, "branch", branch), JSON.createObjectNode(), about));
    } catch (HubException e) {
      if (e.kind() != Kind.CONFLICT) { // else created by another client meanwhile
        throw e;
      }
    }
  }

  /** Whether the hub answers; false if it refuses the request with kind {@code absence}. */
  private boolean answers(HubRequest request, Kind absence) {
    try {
      http.sendForJson(request);
      return true;
    } catch (HubException e) {
      if (e.kind() == absence) {
        return false;
      }
      throw e;
    }
  }

  /**
   * Commits a folder's files; files that the repository has unchanged are not sent.
   *
   * @param folder a local folder; names that begin with a dot or an underscore are left out
   * @param wanted accepts names of files and folders in {@code folder} that are pushed
   * @param summary the commit's message
   * @return the commit
   */
  public String push(
      HubRepo repo, String revision, Path folder, Predicate<String> wanted, String summary) {
    HubCache.requireRevision(revision);
    try {
      List<Addition> additions = Addition.all(folder, wanted);
      if (additions.isEmpty()) {
        throw Kind.NO_FILE.error(
            "Cannot push %s: there is no file in it; name the folder of a finished run", folder);
      }
      for (int attempt = 1; ; attempt++) {
        HubSubject about = HubSubject.of(repo, revision);
        String parent = client.newest(repo, revision, about, HubRequest.RETRIES);
        List<Change> changes = changes(repo, revision, additions);
        if (changes.isEmpty()) {
          return parent;
        }
        sendLarge(repo, revision, changes);
        try {
          return commit(repo, revision, parent, changes, summary);
        } catch (HubException e) {
          if (e.kind() != Kind.CONFLICT || attempt == COMMIT_TRIES) {
            throw e;
          }
        }
      }
    } catch (IOException e) {
      throw Kind.CACHE.error(
          e, "Cannot read %s (%s): check rights and push again", folder, e.getMessage());
    }
  }

  /** A file that the repository lacks, or has with other contents. */
  private record Change(Addition addition, boolean large) {}

  /**
   * Asks the hub how to send each file. Leaves out files that the hub ignores or has already, so a
   * commit whose response was lost is not repeated.
   */
  private List<Change> changes(HubRepo repo, String revision, List<Addition> additions)
      throws IOException {
    List<Change> changes = new ArrayList<>();
    for (int start = 0; start < additions.size(); start += PREUPLOAD_FILES) {
      int end = Math.min(additions.size(), start + PREUPLOAD_FILES);
      Map<String, Addition> some = new HashMap<>();
      ObjectNode question = JSON.createObjectNode();
      ArrayNode files = question.putArray("files");
      for (Addition addition : additions.subList(start, end)) {
        some.put(addition.path(), addition);
        files
            .addObject()
            .put("path", addition.path())
            .put("sample", Base64.getEncoder().encodeToString(addition.sample()))
            .put("size", addition.bytes());
      }
      URI uri = http.api(repo, "preupload", revision);
      JsonNode answer =
          http.sendForJson(HubRequest.post(uri, question, HubSubject.of(repo, revision)));
      for (JsonNode file : answer.path("files")) {
        Addition addition = some.get(file.path("path").asText());
        if (addition != null && !file.path("shouldIgnore").asBoolean()) {
          // the storage of large files refuses empty files
          boolean large = file.path("uploadMode").asText().equals("lfs") && addition.bytes() > 0;
          if (!addition.is(file.path("oid").asText(), large)) {
            changes.add(new Change(addition, large));
          }
        }
      }
    }
    return changes;
  }

  private void sendLarge(HubRepo repo, String revision, List<Change> changes) throws IOException {
    List<Addition> large = changes.stream().filter(Change::large).map(Change::addition).toList();
    long total = large.stream().mapToLong(Addition::bytes).sum();
    long done = 0;
    LargeFileUpload upload = new LargeFileUpload(http, repo, revision);
    for (Addition addition : large) {
      upload.send(addition);
      done += addition.bytes();
      listener.progress("upload " + repo.id(), done, total, 0);
    }
  }

  private String commit(
      HubRepo repo, String revision, String parent, List<Change> changes, String summary)
      throws IOException {
    ObjectNode header =
        JSON.createObjectNode()
            .put("summary", summary)
            .put("description", "")
            .put("parentCommit", parent);
    StringBuilder lines = new StringBuilder(line("header", header));
    for (Change change : changes) {
      lines.append(line(change.large() ? "lfsFile" : "file", value(change)));
    }
    HubRequest request =
        new HubRequest(
                "POST",
                http.api(repo, "commit", revision),
                BodyPublishers.ofString(lines.toString()),
                HubSubject.of(repo, revision))
            .with("Content-Type", "application/x-ndjson");
    return http.sendForJson(request).path("commitOid").asText();
  }

  private static String line(String key, ObjectNode value) {
    return JSON.createObjectNode().put("key", key).set("value", value) + "\n";
  }

  private static ObjectNode value(Change change) throws IOException {
    Addition addition = change.addition();
    ObjectNode value = JSON.createObjectNode();
    return change.large()
        ? value
            .put("path", addition.path())
            .put("algo", "sha256")
            .put("oid", addition.sha256())
            .put("size", addition.bytes())
        : value
            .put("content", Base64.getEncoder().encodeToString(Files.readAllBytes(addition.file())))
            .put("path", addition.path())
            .put("encoding", "base64");
  }
}
