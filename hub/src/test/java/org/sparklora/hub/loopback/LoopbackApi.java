package org.sparklora.hub.loopback;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.hub.loopback.LoopbackRepo.Content;

/** The hub's addresses that clients use. */
final class LoopbackApi {
  private static final Pattern API =
      Pattern.compile(
          "/api/(models|datasets)/([^/]+/[^/]+)(?:/(revision|tree|preupload|commit|branch)/(.+))?");
  private static final Pattern RESOLVE =
      Pattern.compile("/(datasets/)?([^/]+/[^/]+)/resolve/([^/]+)/(.+)");
  private static final Pattern RESOLVED =
      Pattern.compile("/api/resolve-cache/(models|datasets)/([^/]+/[^/]+)/([0-9a-f]{40})/(.+)");
  private static final Pattern LFS =
      Pattern.compile("/(datasets/)?([^/]+/[^/]+)\\.git/info/lfs/objects/(batch|verify)");

  private static final Set<String> WRITING = Set.of("preupload", "commit", "branch");

  private final LoopbackHub server;
  private final LoopbackLargeFiles large;

  LoopbackApi(LoopbackHub server) {
    this.server = server;
    this.large = new LoopbackLargeFiles(server);
  }

  void handle(LoopbackExchange exchange) throws IOException {
    String path = exchange.rawPath();
    if (path.startsWith("/loopback/")) {
      server.control(exchange);
      return;
    }
    Optional<LoopbackHub.Moved> moved = server.moved(path);
    if (moved.isPresent()) {
      String query = exchange.query().isEmpty() ? "" : "?" + exchange.query();
      exchange.redirect(moved.get().status(), moved.get().of(path) + query);
      return;
    }
    Optional<String> user = user(exchange);
    if (user.isEmpty() && !exchange.requestHeader("Authorization").isEmpty()) {
      exchange.error(401, "", "Invalid credentials in Authorization header");
      return;
    }
    Matcher match;
    if (path.equals("/api/whoami-v2")) {
      whoami(exchange, user);
    } else if (path.equals("/api/repos/create")) {
      create(exchange, user);
    } else if (path.equals("/api/validate-yaml")) {
      exchange.answer(LoopbackExchange.JSON.createObjectNode());
    } else if ((match = RESOLVED.matcher(path)).matches()) {
      Optional<LoopbackRepo> repo = readable(exchange, match.group(1), match.group(2), user);
      if (repo.isPresent()) {
        file(exchange, repo.get(), match.group(3), decoded(match.group(4)));
      }
    } else if ((match = API.matcher(path)).matches()) {
      api(exchange, match, user);
    } else if ((match = RESOLVE.matcher(path)).matches()) {
      resolve(exchange, match, user);
    } else if ((match = LFS.matcher(path)).matches()) {
      String type = match.group(1) == null ? "models" : "datasets";
      Optional<LoopbackRepo> repo = visible(exchange, type, match.group(2), user);
      if (repo.isPresent()) {
        large.handle(exchange, repo.get(), match.group(3), user);
      }
    } else {
      exchange.error(404, "", "Sorry, we can't find the page you are looking for.");
    }
  }

  private Optional<String> user(LoopbackExchange exchange) {
    String token = exchange.requestHeader("Authorization").replaceFirst("^Bearer ", "");
    return Optional.ofNullable(server.accounts().get(token));
  }

  private static String decoded(String part) {
    return URLDecoder.decode(part.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static ObjectNode object() {
    return LoopbackExchange.JSON.createObjectNode();
  }

  private static void whoami(LoopbackExchange exchange, Optional<String> user) throws IOException {
    if (user.isEmpty()) {
      exchange.error(401, "", "Invalid username or password.");
      return;
    }
    exchange.answer(
        object().put("type", "user").put("name", user.get()).set("orgs", object().arrayNode()));
  }

  private void create(LoopbackExchange exchange, Optional<String> user) throws IOException {
    JsonNode wish = exchange.json();
    if (user.isEmpty()) {
      exchange.error(401, "", "Invalid username or password.");
      return;
    }
    String owner = wish.path("organization").asText("");
    if (owner.isEmpty() || owner.equals("null")) {
      owner = user.get();
    }
    String type = wish.path("type").asText("model") + "s";
    String id = owner + "/" + wish.path("name").asText();
    if (!owner.equals(user.get())) {
      exchange.error(
          403, "", "You don't have the rights to create a repo under the namespace " + owner);
    } else if (server.find(type, id).isPresent()) {
      exchange.error(409, "", "You already created this repo: " + id);
    } else {
      LoopbackRepo repo = server.add(type, id);
      if (wish.path("visibility").asText().equals("private")) {
        repo.hidden();
      }
      exchange.answer(
          object()
              .put("url", server.endpoint() + "/" + (type.equals("models") ? "" : type + "/") + id)
              .put("id", id));
    }
  }

  /** The repository if it may be seen; else the answer says that there is none. */
  private Optional<LoopbackRepo> visible(
      LoopbackExchange exchange, String type, String id, Optional<String> user) throws IOException {
    Optional<LoopbackRepo> repo =
        server.find(type, id).filter(r -> !r.isHidden() || user.equals(Optional.of(r.owner())));
    if (repo.isEmpty()) {
      exchange.error(
          user.isEmpty() ? 401 : 404,
          "RepoNotFound",
          user.isEmpty() ? "Invalid username or password." : "Repository not found");
    }
    return repo;
  }

  private Optional<LoopbackRepo> readable(
      LoopbackExchange exchange, String type, String id, Optional<String> user) throws IOException {
    Optional<LoopbackRepo> repo = visible(exchange, type, id, user);
    if (repo.isPresent() && repo.get().isGated() && !user.equals(Optional.of(repo.get().owner()))) {
      exchange.error(
          user.isEmpty() ? 401 : 403,
          "GatedRepo",
          "Access to model %s is restricted.".formatted(id));
      return Optional.empty();
    }
    return repo;
  }

  private void api(LoopbackExchange exchange, Matcher match, Optional<String> user)
      throws IOException {
    String action = match.group(3) == null ? "revision" : match.group(3);
    // what a gated repository is may be seen, and its list of files; its files may not
    Optional<LoopbackRepo> found = visible(exchange, match.group(1), match.group(2), user);
    if (found.isEmpty()) {
      return;
    }
    LoopbackRepo repo = found.get();
    String revision = match.group(4) == null ? "main" : decoded(match.group(4));
    if (WRITING.contains(action) && !user.equals(Optional.of(repo.owner()))) {
      exchange.error(403, "", "This token has no right to write to " + repo.id());
      return;
    }
    if (action.equals("branch")) {
      branch(exchange, repo, revision);
      return;
    }
    Optional<String> commit = repo.commitOf(revision);
    if (commit.isEmpty()) {
      exchange.error(404, "RevisionNotFound", "Invalid rev id: " + revision);
      return;
    }
    switch (action) {
      case "revision" -> info(exchange, repo, commit.get());
      case "tree" -> tree(exchange, repo, commit.get());
      case "preupload" -> preupload(exchange, repo, commit.get());
      default -> commit(exchange, repo, revision, commit.get());
    }
  }

  private static void branch(LoopbackExchange exchange, LoopbackRepo repo, String name)
      throws IOException {
    String from = exchange.json().path("startingPoint").asText("main");
    Optional<String> start = repo.commitOf(from);
    if (name.startsWith("refs/")) {
      exchange.error(400, "", "Invalid reference for a branch: " + name);
    } else if (start.isEmpty()) {
      exchange.error(404, "RevisionNotFound", "Invalid rev id: " + from);
    } else if (repo.branch(name, start.get())) {
      exchange.answer(object().put("success", true));
    } else {
      exchange.error(409, "", "Reference already exists: refs/heads/" + name);
    }
  }

  private static void info(LoopbackExchange exchange, LoopbackRepo repo, String commit)
      throws IOException {
    ObjectNode answer =
        object()
            .put("_id", "0")
            .put("id", repo.id())
            .put("sha", commit)
            .put("private", repo.isHidden())
            .put("disabled", false)
            .put("downloads", 0)
            .put("likes", 0)
            .put("lastModified", "2026-11-24T00:00:00.000Z");
    answer.putArray("tags");
    ArrayNode siblings = answer.putArray("siblings");
    repo.files(commit).keySet().forEach(path -> siblings.addObject().put("rfilename", path));
    exchange.answer(answer);
  }

  private void tree(LoopbackExchange exchange, LoopbackRepo repo, String commit)
      throws IOException {
    List<Map.Entry<String, Content>> all = new ArrayList<>(repo.files(commit).entrySet());
    Matcher cursor = Pattern.compile("cursor=(\\d+)").matcher(exchange.query());
    int start = cursor.find() ? Integer.parseInt(cursor.group(1)) : 0;
    int end = Math.min(all.size(), start + server.pageSize());
    ArrayNode page = LoopbackExchange.JSON.createArrayNode();
    for (Map.Entry<String, Content> entry : all.subList(start, end)) {
      Content content = entry.getValue();
      ObjectNode file =
          page.addObject()
              .put("type", "file")
              .put("oid", content.gitOid())
              .put("size", content.bytes().length)
              .put("path", entry.getKey());
      if (content.large()) {
        file.putObject("lfs")
            .put("oid", content.sha256())
            .put("size", content.bytes().length)
            .put("pointerSize", 134);
        if (repo.isXet()) {
          file.put("xetHash", content.xetHash());
        }
      }
    }
    if (end < all.size()) {
      exchange.header(
          "Link",
          "<%s%s?recursive=true&expand=false&cursor=%d>; rel=\"next\""
              .formatted(server.endpoint(), exchange.rawPath(), end));
    }
    exchange.answer(page);
  }

  private void resolve(LoopbackExchange exchange, Matcher match, Optional<String> user)
      throws IOException {
    String type = match.group(1) == null ? "models" : "datasets";
    Optional<LoopbackRepo> repo = readable(exchange, type, match.group(2), user);
    if (repo.isEmpty()) {
      return;
    }
    String path = decoded(match.group(4));
    Optional<String> commit = repo.get().commitOf(decoded(match.group(3)));
    if (commit.isEmpty()) {
      exchange.error(404, "RevisionNotFound", "Invalid rev id: " + match.group(3));
      return;
    }
    exchange.header("X-Repo-Commit", commit.get());
    Content content = repo.get().files(commit.get()).get(path);
    if (content == null) {
      exchange.error(404, "EntryNotFound", "Entry not found");
    } else if (content.large()) {
      server.objects().putIfAbsent(content.sha256(), content.bytes());
      exchange.header("X-Linked-Etag", "\"" + content.sha256() + "\"");
      exchange.header("X-Linked-Size", Integer.toString(content.bytes().length));
      if (repo.get().isXet()) {
        String route =
            "%s/api/%s/%s/xet-read-token/%s"
                .formatted(server.endpoint(), type, match.group(2), commit.get());
        exchange.header("X-Xet-Hash", content.xetHash()).header("X-Xet-Refresh-Route", route);
        exchange.header(
            "Link",
            "<%s>; rel=\"xet-auth\", <%s/reconstructions/%s>; rel=\"xet-reconstruction-info\""
                .formatted(route, server.storageAddress(), content.xetHash()));
      }
      exchange.redirect(302, server.signed("objects/" + content.sha256()));
    } else {
      exchange.redirect(
          307,
          "/api/resolve-cache/%s/%s/%s/%s"
              .formatted(type, match.group(2), commit.get(), match.group(4)));
    }
  }

  private static void file(LoopbackExchange exchange, LoopbackRepo repo, String commit, String path)
      throws IOException {
    Content content = repo.files(commit).get(path);
    // weak where a proxy would compress it
    String strength = repo.isXet() ? "W/" : "";
    exchange
        .header("X-Repo-Commit", commit)
        .header("ETag", strength + "\"" + content.etag() + "\"");
    exchange.content(content.bytes());
  }

  private void preupload(LoopbackExchange exchange, LoopbackRepo repo, String commit)
      throws IOException {
    ArrayNode answers = LoopbackExchange.JSON.createArrayNode();
    for (JsonNode file : exchange.json().path("files")) {
      String path = file.path("path").asText();
      ObjectNode answer =
          answers
              .addObject()
              .put("path", path)
              .put(
                  "uploadMode",
                  LoopbackRepo.isLarge(path, file.path("size").asLong()) ? "lfs" : "regular")
              .put("shouldIgnore", false);
      Content known = repo.files(commit).get(path);
      if (known != null) {
        answer.put("oid", known.etag());
      }
    }
    exchange.answer(object().set("files", answers));
  }

  private void commit(LoopbackExchange exchange, LoopbackRepo repo, String branch, String head)
      throws IOException {
    Map<String, Content> changes = new LinkedHashMap<>();
    JsonNode header = object();
    for (String line : new String(exchange.body(), StandardCharsets.UTF_8).split("\n")) {
      JsonNode operation = LoopbackExchange.JSON.readTree(line);
      JsonNode value = operation.path("value");
      switch (operation.path("key").asText()) {
        case "header" -> header = value;
        case "file" ->
            changes.put(
                value.path("path").asText(),
                new Content(Base64.getDecoder().decode(value.path("content").asText()), false));
        case "lfsFile" -> {
          byte[] bytes = server.objects().get(value.path("oid").asText());
          if (bytes == null) {
            exchange.error(
                400,
                "",
                "Your push was rejected because an LFS pointer pointed to a file that does not exist");
            return;
          }
          changes.put(value.path("path").asText(), new Content(bytes, true));
        }
        default -> throw new IllegalArgumentException("Operation " + operation);
      }
    }
    if (Arrays.asList("", head).contains(header.path("parentCommit").asText(""))) {
      String commit = repo.commit(branch, changes, header.path("summary").asText());
      exchange.answer(
          object()
              .put("success", true)
              .put("commitOid", commit)
              .put("commitUrl", "%s/%s/commit/%s".formatted(server.endpoint(), repo.id(), commit)));
    } else {
      exchange.error(412, "", "A commit has happened since. Please refresh and try again.");
    }
  }
}
