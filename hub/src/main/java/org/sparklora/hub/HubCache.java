package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.hub.HubException.Kind;

/**
 * The download cache of {@code huggingface_hub}, read and written by its rules, so that this class
 * and Python find each other's files:
 *
 * <pre>
 * models--namespace--name/refs/main                  a commit's id
 * models--namespace--name/blobs/ETAG                 contents, under Git's hash or SHA-256
 * models--namespace--name/snapshots/COMMIT/PATH      → ../../blobs/ETAG, a copy without symbolic links
 * models--namespace--name/trees/COMMIT.json          the commit's list of files
 * .locks/models--namespace--name/ETAG.lock           held while a blob is written
 * </pre>
 *
 * <p>Files appear by an atomic rename, so every visible file is complete. The locks keep processes
 * of spark-lora from downloading a file twice; Python's locks are of another kind ({@code flock}),
 * which is harmless: both write temporary files under different names, and so do processes of
 * spark-lora where no lock can be had. Thread-safe.
 */
final class HubCache {
  private static final Logger LOG = LoggerFactory.getLogger(HubCache.class);
  private static final Pattern COMMIT = Pattern.compile("[0-9a-f]{40}");
  private static final Pattern ETAG = Pattern.compile("[A-Za-z0-9_-]{1,200}");
  private static final int TREE_FORMAT = 1;
  private static final int LONGEST_SHOWN = 100;

  /** Suffix of an incomplete file; {@code huggingface_hub} never takes such a file for a blob. */
  private static final String INCOMPLETE = ".spark-lora.incomplete";

  private static final ObjectMapper JSON = new ObjectMapper();

  /** Locks between threads, since a file lock belongs to the whole process. */
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

  /** Checks a revision that the user gave, since it names a file below {@code refs}. */
  static String requireRevision(String revision) {
    if (revision.isEmpty()
        || !new HubFile(revision, 0, "", Optional.empty()).isInside()
        || revision.startsWith("-")) {
      throw Kind.NO_REVISION.error(
          "Cannot use revision \"%s\": name a branch, a tag or a commit", revision);
    }
    return revision;
  }

  /** The commit of a branch, tag or shortened id at the last request to the hub, if any. */
  Optional<String> commit(HubRepo repo, String revision) {
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
    if (!commit(repo, revision).equals(Optional.of(commit))) {
      write(folder(repo).resolve("refs").resolve(revision), commit);
    }
  }

  /** The files of a commit, sorted by path, if the cache has their list. */
  Optional<List<HubFile>> tree(HubRepo repo, String commit) {
    Path file = treeFile(repo, commit);
    try {
      JsonNode tree = Files.isRegularFile(file) ? JSON.readTree(file.toFile()) : null;
      if (tree == null || tree.path("format_version").asInt() != TREE_FORMAT) {
        return Optional.empty();
      }
      List<HubFile> files = new ArrayList<>();
      for (Map.Entry<String, JsonNode> entry : tree.path("files").properties()) {
        JsonNode info = entry.getValue();
        files.add(
            new HubFile(
                entry.getKey(),
                info.path("size").asLong(),
                info.path("blob_id").asText(),
                Optional.ofNullable(info.path("lfs_sha256").textValue())));
      }
      files.sort(Comparator.comparing(HubFile::path));
      return hasHashes(files) ? Optional.of(files) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // the list is damaged: the caller asks the hub again
    }
  }

  /** Whether a list has hashes: the hub masks those of gated files for accounts without access. */
  private static boolean hasHashes(List<HubFile> files) {
    return files.stream().allMatch(file -> ETAG.matcher(file.etag()).matches());
  }

  void saveTree(HubRepo repo, String commit, List<HubFile> files) {
    if (!hasHashes(files)) {
      return; // the account may get access to this commit later
    }
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

  /** The folder that shows the repository's files at a commit. */
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

  /**
   * The path at which a snapshot shows a file.
   *
   * @throws HubException if the file's path leaves the repository
   */
  Path pointer(HubRepo repo, String commit, HubFile file) {
    if (!file.isInside()) {
      throw Kind.DAMAGED.error(
          "Cannot download a file that the hub calls \"%s\": the name does not stay inside of the repository; do not use this repository",
          PlainText.line(file.path(), LONGEST_SHOWN));
    }
    return snapshot(repo, commit).resolve(file.path());
  }

  /**
   * The path of a blob, which holds a file's contents.
   *
   * @throws HubException if the hub's ETag cannot be a file name
   */
  Path blob(HubRepo repo, String etag) {
    if (!ETAG.matcher(etag).matches()) {
      throw Kind.DAMAGED.error(
          "Cannot keep a file of %s: its ETag is no name for a file; check that HF_ENDPOINT is a hub",
          repo);
    }
    return folder(repo).resolve("blobs").resolve(etag);
  }

  /** The path of an incomplete blob. */
  static Path part(Path blob) {
    return blob.resolveSibling(blob.getFileName() + INCOMPLETE);
  }

  /** The room that a download of a file needs, less than its size if a part is in the cache. */
  long neededBytes(HubRepo repo, HubFile file) {
    if (!hasHashes(List.of(file))) {
      return file.bytes();
    }
    Path blob = blob(repo, file.etag());
    long left = Files.exists(blob) ? 0 : Math.max(0, file.bytes() - part(blob).toFile().length());
    return symlinks ? left : left + file.bytes(); // the snapshot's copy
  }

  /** Makes a snapshot show a blob as a file, by a symbolic link or a copy. */
  void link(HubRepo repo, String commit, HubFile file, Path blob) throws IOException {
    Path pointer = pointer(repo, commit, file);
    if (Files.exists(pointer)) {
      return;
    }
    Path folder = Files.createDirectories(pointer.getParent());
    if (!folder.toRealPath().startsWith(snapshot(repo, commit).toRealPath())) {
      throw Kind.CACHE.error(
          "Cannot write %s: a symbolic link leads out of the cache; delete %s",
          pointer, snapshot(repo, commit));
    }
    if (symlinks) {
      try {
        Files.deleteIfExists(pointer); // a link to a blob that was deleted
        Files.createSymbolicLink(pointer, folder.relativize(blob));
        return;
      } catch (FileAlreadyExistsException e) {
        return; // another process created the link between the two lines
      } catch (IOException | UnsupportedOperationException e) {
        // a file system without symbolic links: copied below
      }
    }
    replace(pointer, aside -> Files.copy(blob, aside));
  }

  /** Writes a file under another name than its own. */
  interface Writing {
    void to(Path aside) throws IOException;
  }

  /**
   * Runs an action while a blob's lock is held. Without a lock, on a file system that has none, the
   * action gets a part that no other process writes, and that no later one continues.
   */
  void locked(HubRepo repo, String etag, Writing action) throws IOException {
    Path file = root.resolve(".locks").resolve(repo.folderName()).resolve(etag + ".lock");
    Path part = part(blob(repo, etag));
    ReentrantLock inProcess = IN_PROCESS.computeIfAbsent(file, key -> new ReentrantLock());
    inProcess.lock();
    try (FileChannel lock = lock(file).orElse(null)) {
      if (lock != null) {
        action.to(part);
        return;
      }
      Path own = part.resolveSibling(UUID.randomUUID() + INCOMPLETE);
      try {
        action.to(own);
      } finally {
        Files.deleteIfExists(own);
      }
    } finally {
      inProcess.unlock();
    }
  }

  /** A channel that locks a file until it is closed; empty if the file cannot be locked. */
  private static Optional<FileChannel> lock(Path file) {
    try {
      Files.createDirectories(file.getParent());
      FileChannel channel =
          FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      try {
        channel.lock();
        return Optional.of(channel);
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      LOG.warn("Cannot lock {} ({}), so another process may download it too", file, e.toString());
      return Optional.empty();
    }
  }

  private Path folder(HubRepo repo) {
    return root.resolve(repo.folderName());
  }

  /** Saves an answer of the hub; warns where this user may only read, as in a shared cache. */
  private static void write(Path file, String text) {
    try {
      Files.createDirectories(file.getParent());
      replace(file, aside -> Files.writeString(aside, text));
    } catch (IOException e) {
      LOG.warn("Cannot write {} ({}), so the hub is asked each time", file, e.getMessage());
    }
  }

  /**
   * Writes a file under a unique name beside its own, then renames it. Unlike a temporary file, it
   * has the usual access rights.
   */
  private static void replace(Path file, Writing writing) throws IOException {
    Path aside = file.resolveSibling("%s.%s.tmp".formatted(file.getFileName(), UUID.randomUUID()));
    try {
      writing.to(aside);
      Files.move(aside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (IOException e) {
      Files.deleteIfExists(aside);
      throw e;
    }
  }

  static HubException failed(String what, Path file, IOException cause) {
    return Kind.CACHE.error(
        cause,
        "Cannot %s %s (%s): check rights and room, or set HF_HUB_CACHE to another folder",
        what,
        file,
        cause.getMessage());
  }
}
