package org.sparklora.hub.loopback;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/** A repository: branches name commits, commits hold files. All of it in memory. */
public final class LoopbackRepo {
  private static final String MAIN = "main";

  private final String type;
  private final String id;
  private final Map<String, String> branches = new ConcurrentHashMap<>();
  private final Map<String, Map<String, Content>> commits = new ConcurrentHashMap<>();
  private final List<String> messages = new ArrayList<>();
  private boolean hidden;
  private boolean gated;
  private boolean xet;

  /** A file's contents and whether they are kept as a large file. */
  record Content(byte[] bytes, boolean large) {
    String gitOid() {
      return hash("SHA-1", ("blob " + bytes.length + "\0").getBytes(StandardCharsets.UTF_8), bytes);
    }

    String sha256() {
      return hash("SHA-256", bytes);
    }

    /** What Xet names it by: any hash of another kind than Git's and LFS's. */
    String xetHash() {
      return hash("SHA-256", "xet".getBytes(StandardCharsets.UTF_8), bytes);
    }

    /** What the hub names it by. */
    String etag() {
      return large ? sha256() : gitOid();
    }
  }

  LoopbackRepo(String type, String id) {
    this.type = type;
    this.id = id;
    commit(MAIN, Map.of(), "initial commit");
  }

  /** {@code models} or {@code datasets}. */
  String type() {
    return type;
  }

  /** Its name, {@code namespace/name}. */
  public String id() {
    return id;
  }

  String owner() {
    return id.substring(0, id.indexOf('/'));
  }

  /** Only its owner sees it. */
  public LoopbackRepo hidden() {
    hidden = true;
    return this;
  }

  /** Only its owner may read it, but everybody sees that it is there. */
  public LoopbackRepo gated() {
    gated = true;
    return this;
  }

  /** Its large files lie in Xet's storage, as all new ones of the real hub do. */
  public LoopbackRepo xet() {
    xet = true;
    return this;
  }

  boolean isXet() {
    return xet;
  }

  public boolean isHidden() {
    return hidden;
  }

  boolean isGated() {
    return gated;
  }

  /** Commits a file on {@code main}; by its name it is a large file or none. */
  public LoopbackRepo put(String path, byte[] bytes) {
    commit(MAIN, Map.of(path, new Content(bytes, isLarge(path, bytes.length))), "Add " + path);
    return this;
  }

  public LoopbackRepo put(String path, String text) {
    return put(path, text.getBytes(StandardCharsets.UTF_8));
  }

  /** A new branch where {@code main} is. */
  public LoopbackRepo branch(String name) {
    branch(name, head());
    return this;
  }

  /** A new branch at a commit; whether there was none of that name. */
  boolean branch(String name, String commit) {
    return branches.putIfAbsent(name, commit) == null;
  }

  /** The newest commit of a branch, if there is such a branch. */
  public Optional<String> head(String branch) {
    return Optional.ofNullable(branches.get(branch));
  }

  /** The newest commit of {@code main}. */
  public String head() {
    return branches.get(MAIN);
  }

  /** The messages of all commits, oldest first. */
  public synchronized List<String> messages() {
    return List.copyOf(messages);
  }

  /** The contents of a file on {@code main}. */
  public byte[] file(String path) {
    return files(head()).get(path).bytes();
  }

  /** The paths of all files of a commit. */
  public List<String> paths(String commit) {
    return List.copyOf(files(commit).keySet());
  }

  /** The paths of all files on {@code main}. */
  public List<String> paths() {
    return paths(head());
  }

  Optional<String> commitOf(String revision) {
    return Optional.ofNullable(branches.get(revision))
        .or(() -> commits.containsKey(revision) ? Optional.of(revision) : Optional.empty());
  }

  Map<String, Content> files(String commit) {
    return commits.get(commit);
  }

  synchronized String commit(String branch, Map<String, Content> changes, String message) {
    String parent = branches.getOrDefault(branch, "");
    Map<String, Content> files = new TreeMap<>(commits.getOrDefault(parent, Map.of()));
    files.putAll(changes);
    StringBuilder text = new StringBuilder(parent + message + messages.size() + type + id);
    files.forEach((path, content) -> text.append(path).append(content.etag()));
    String commit = hash("SHA-1", text.toString().getBytes(StandardCharsets.UTF_8));
    commits.put(commit, files);
    branches.put(branch, commit);
    messages.add(message);
    return commit;
  }

  /** What the hub's {@code .gitattributes} say. */
  static boolean isLarge(String path, long bytes) {
    return path.matches(".*\\.(safetensors|bin|parquet|gz|png)") || bytes > 10_000_000;
  }

  static String hash(String algorithm, byte[]... parts) {
    try {
      MessageDigest digest = MessageDigest.getInstance(algorithm);
      for (byte[] part : parts) {
        digest.update(part);
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }
}
