package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The folder in which {@code huggingface_hub} keeps what was downloaded, read and written by its
 * rules, so that each finds the other's files:
 *
 * <pre>
 * models--namespace--name/refs/main                  a commit's id
 * models--namespace--name/blobs/ETAG                 contents, under Git's hash or SHA-256
 * models--namespace--name/snapshots/COMMIT/PATH      → ../../blobs/ETAG, a copy without symbolic links
 * models--namespace--name/trees/COMMIT.json          what the commit holds
 * .locks/models--namespace--name/ETAG.lock           held while a blob is written
 * </pre>
 *
 * <p>Everything appears by being renamed, so what is there is whole. The locks keep processes of
 * ours from downloading a file twice; Python's are of another kind ({@code flock}), which does no
 * harm: both sides write aside under names of their own. Thread-safe.
 */
final class HubCache {
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern ETAG = Pattern.compile("[A-Za-z0-9_-]{1,200}");
  private static final int TREE_FORMAT = 1;
  private static final ObjectMapper JSON = new ObjectMapper();

  /** A file lock belongs to the process, so threads exclude each other by these. */
  private static final Map<Path, ReentrantLock> IN_PROCESS = new ConcurrentHashMap<>();

  private final Path root;
  private final boolean symlinks;

  HubCache(Path root, boolean symlinks) {
    this.root = root;
    this.symlinks = symlinks;
  }

  static boolean isCommit(String revision) {
    return COMMIT.matcher(revision).matches();
  }

  /** A revision as the user gave it, which names a file below {@code refs}. */
  static String requireRevision(String revision) {
    if (revision.isEmpty()
        || !new HubFile(revision, 0, "", Optional.empty()).isInside()
        || revision.startsWith("-")) {
      throw new HubException(
          HubException.Kind.NO_REVISION,
          "Cannot use revision \"%s\": name a branch, a tag or a commit".formatted(revision));
    }
    return revision;
  }

  /** The commit that a revision was when it was last asked for. */
  Optional<String> commit(HubRepo repo, String revision) {
    if (isCommit(revision)) {
      return Optional.of(revision);
    }
    Path file = folder(repo).resolve("refs").resolve(revision);
    try {
      return Files.isRegularFile(file)
          ? Optional.of(Files.readString(file).strip()).filter(HubCache::isCommit)
          : Optional.empty();
    } catch (IOException e) {
      throw failed("read", file, e);
    }
  }

  void saveCommit(HubRepo repo, String revision, String commit) {
    if (isCommit(revision) || commit(repo, revision).equals(Optional.of(commit))) {
      return;
    }
    write(folder(repo).resolve("refs").resolve(revision), commit);
  }

  /** The files of a commit, where they are known. */
  Optional<Map<String, HubFile>> tree(HubRepo repo, String commit) {
    Path file = treeFile(repo, commit);
    try {
      JsonNode tree = Files.isRegularFile(file) ? JSON.readTree(file.toFile()) : null;
      if (tree == null || tree.path("format_version").asInt() != TREE_FORMAT) {
        return Optional.empty();
      }
      Map<String, HubFile> files = new TreeMap<>();
      tree.path("files")
          .fields()
          .forEachRemaining(
              entry -> {
                JsonNode info = entry.getValue();
                files.put(
                    entry.getKey(),
                    new HubFile(
                        entry.getKey(),
                        info.path("size").asLong(),
                        info.path("blob_id").asText(),
                        Optional.ofNullable(info.path("lfs_sha256").textValue())));
              });
      return Optional.of(files);
    } catch (IOException e) {
      return Optional.empty(); // damaged: the hub is asked again
    }
  }

  void saveTree(HubRepo repo, String commit, Iterable<HubFile> files) {
    ObjectNode tree = JSON.createObjectNode().put("format_version", TREE_FORMAT);
    ObjectNode entries = tree.putObject("files");
    for (HubFile file : files) {
      ObjectNode entry =
          entries.putObject(file.path()).put("size", file.bytes()).put("blob_id", file.blobId());
      file.sha256().ifPresent(hash -> entry.put("lfs_sha256", hash).put("lfs_size", file.bytes()));
    }
    write(treeFile(repo, commit), tree.toString());
  }

  private Path treeFile(HubRepo repo, String commit) {
    return folder(repo).resolve("trees").resolve(commit + ".json");
  }

  /** The folder that looks as the repository does at a commit. */
  Path snapshot(HubRepo repo, String commit) {
    return folder(repo).resolve("snapshots").resolve(commit);
  }

  /** The files that a snapshot shows, sorted by path. */
  List<HubFile> files(HubRepo repo, String commit) {
    Path folder = snapshot(repo, commit);
    if (!Files.isDirectory(folder)) {
      return List.of();
    }
    List<HubFile> files = new ArrayList<>();
    try (Stream<Path> shown = Files.walk(folder)) {
      for (Path file : shown.filter(Files::isRegularFile).sorted().toList()) {
        String path = folder.relativize(file).toString().replace('\\', '/');
        files.add(new HubFile(path, Files.size(file), "", Optional.empty()));
      }
      return files;
    } catch (IOException e) {
      throw failed("list", folder, e);
    }
  }

  /** Where a file of a snapshot is seen. */
  Path pointer(HubRepo repo, String commit, HubFile file) {
    file.requireInside();
    return snapshot(repo, commit).resolve(file.path());
  }

  /**
   * Where contents lie.
   *
   * @throws HubException if the hub's ETag is not fit to be a name
   */
  Path blob(HubRepo repo, String etag) {
    if (!ETAG.matcher(etag).matches()) {
      throw new HubException(
          HubException.Kind.DAMAGED,
          "Cannot keep a file of %s: its ETag is no name for a file; check that HF_ENDPOINT is a hub"
              .formatted(repo));
    }
    return folder(repo).resolve("blobs").resolve(etag);
  }

  /** Lets a snapshot show contents that lie in {@code blobs}. */
  void link(HubRepo repo, String commit, HubFile file, Path blob) throws IOException {
    Path pointer = pointer(repo, commit, file);
    if (Files.exists(pointer)) {
      return;
    }
    Path folder = Files.createDirectories(pointer.getParent());
    if (!folder.toRealPath().startsWith(snapshot(repo, commit).toRealPath())) {
      throw new HubException(
          HubException.Kind.CACHE,
          "Cannot write %s: a symbolic link leads out of the cache; delete %s"
              .formatted(pointer, snapshot(repo, commit)));
    }
    if (symlinks) {
      try {
        Files.deleteIfExists(pointer); // a link to a blob that was deleted
        Files.createSymbolicLink(pointer, folder.relativize(blob));
        return;
      } catch (FileAlreadyExistsException e) {
        return; // another process made it between the two lines
      } catch (IOException | UnsupportedOperationException e) {
        // a file system without symbolic links: copied below
      }
    }
    Path aside = aside(pointer);
    Files.copy(blob, aside);
    Files.move(aside, pointer, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  /** What is done while a blob's lock is held. */
  interface Locked {
    void run() throws IOException;
  }

  void locked(HubRepo repo, String etag, Locked action) throws IOException {
    Path file = root.resolve(".locks").resolve(repo.folderName()).resolve(etag + ".lock");
    ReentrantLock inProcess = IN_PROCESS.computeIfAbsent(file, key -> new ReentrantLock());
    inProcess.lock();
    try {
      Files.createDirectories(file.getParent());
      try (FileChannel channel =
              FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
          FileLock lock = channel.lock()) {
        assert lock.isValid();
        action.run();
      }
    } finally {
      inProcess.unlock();
    }
  }

  private Path folder(HubRepo repo) {
    return root.resolve(repo.folderName());
  }

  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      Path aside = aside(file);
      Files.write(aside, text.getBytes(StandardCharsets.UTF_8));
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      throw failed("write", file, e);
    }
  }

  /**
   * A name of its own beside a file; with the rights that new files have, unlike temporary ones.
   */
  private static Path aside(Path file) {
    return file.resolveSibling("%s.%s.tmp".formatted(file.getFileName(), UUID.randomUUID()));
  }

  static HubException failed(String what, Path file, IOException cause) {
    return new HubException(
        HubException.Kind.CACHE,
        "Cannot %s %s (%s): check rights and room, or set HF_HUB_CACHE to another folder"
            .formatted(what, file, cause.getMessage()),
        cause);
  }
}
