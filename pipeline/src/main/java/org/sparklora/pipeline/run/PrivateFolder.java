package org.sparklora.pipeline.run;

import com.sun.security.auth.module.UnixSystem;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A folder with a predictable name in a place where other users can write, such as {@code /tmp}:
 * its content is trusted only if no user but this one (or root) can have put it there.
 *
 * <p>The folder is created with mode 0700. An existing one must be a folder and no link, belong to
 * this user or root, and not be writable for others. The folders above it must not let others
 * replace it: they may be writable for others only with the sticky bit, and then their child on the
 * path must belong to this user or root, too. File systems without Unix attributes are not checked.
 * Thread-safe.
 *
 * @param user the owner of the folder
 * @param group the user's group, whose members are trusted, too; on many systems it has no other
 * @param alone whether the node has no other users
 */
public record PrivateFolder(int user, int group, boolean alone) {
  private static final FileAttribute<Set<PosixFilePermission>> OWNER_ONLY =
      PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------"));

  private static final int STICKY = 01000;
  private static final int GROUP_WRITES = 0020;
  private static final int OTHERS_WRITE = 0002;
  private static final int OTHERS_ACCESS = 0077;

  private static final String IN_A_POD = "KUBERNETES_SERVICE_HOST";

  private static final Path PROCESS = Path.of("/proc/self");
  private static final int ROOT = 0;

  /**
   * Creates or checks the folder and the folders above it.
   *
   * @throws IOException naming the folder that others could have changed
   */
  public static Path open(Path folder) throws IOException {
    Path absolute = folder.toAbsolutePath().normalize();
    if (!hasUnixAttributes(absolute)) {
      return Files.createDirectories(absolute);
    }
    Attributes own = ofThisProcess();
    return new PrivateFolder(own.user(), own.group(), System.getenv(IN_A_POD) != null)
        .openChecked(absolute);
  }

  /** User and group of this process; the JDK reports nameless users of containers as 0. */
  private static Attributes ofThisProcess() throws IOException {
    UnixSystem user = new UnixSystem();
    return user.getUsername() == null && Files.exists(PROCESS)
        ? Attributes.of(PROCESS.toRealPath())
        : new Attributes(0, (int) user.getUid(), (int) user.getGid());
  }

  /** Whether a file is not a link and belongs to this user. */
  static boolean isOwn(Path file) {
    try {
      return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          && (!hasUnixAttributes(file) || Attributes.of(file).user() == ofThisProcess().user());
    } catch (IOException e) {
      return false; // deleted concurrently
    }
  }

  private static boolean hasUnixAttributes(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  Path openChecked(Path folder) throws IOException {
    Files.createDirectories(folder.getParent(), OWNER_ONLY);
    try {
      Files.createDirectory(folder, OWNER_ONLY);
    } catch (FileAlreadyExistsException e) {
      requireOwn(folder);
    }
    if (!alone) {
      requireSafeParents(folder);
      requireSafeParents(folder.toRealPath());
    }
    return folder;
  }

  private void requireOwn(Path folder) throws IOException {
    if (Files.isSymbolicLink(folder)) {
      throw new IOException(folder + " is a link, which may lead anywhere");
    }
    Attributes found = Attributes.of(folder);
    if (!Files.isDirectory(folder)) {
      throw new IOException(folder + " is no folder");
    }
    if (!isTrusted(found)) {
      throw new IOException(
          "%s belongs to user %s, who could have put anything there"
              .formatted(folder, found.user()));
    }
    if (isWritable(found)) {
      throw new IOException(
          "other users can write to %s (mode %o), and could have put anything there"
              .formatted(folder, found.permissions()));
    }
    if ((found.mode() & OTHERS_ACCESS) != 0 && found.user() == user) {
      Files.setPosixFilePermissions(folder, OWNER_ONLY.value());
    }
  }

  private boolean isTrusted(Attributes found) {
    return found.user() == user || found.user() == ROOT;
  }

  private boolean isWritable(Attributes found) {
    return (found.mode() & OTHERS_WRITE) != 0
        || ((found.mode() & GROUP_WRITES) != 0 && found.group() != group);
  }

  /** Checks the folders above, from the root down: renaming one would replace the folder. */
  private void requireSafeParents(Path folder) throws IOException {
    List<Path> above = new ArrayList<>();
    for (Path parent = folder.getParent(); parent != null; parent = parent.getParent()) {
      above.add(0, parent);
    }
    above.add(folder);
    boolean anybodyWrites = false;
    for (Path path : above) {
      Attributes itself = Attributes.of(path);
      if (anybodyWrites && !isTrusted(itself)) {
        throw new IOException(
            "%s belongs to user %s, who could put anything in its place"
                .formatted(path, itself.user()));
      }
      Attributes target = Attributes.of(path.toRealPath());
      if (isWritable(target) && (target.mode() & STICKY) == 0) {
        throw new IOException(
            "other users can rename what lies in %s (mode %o)"
                .formatted(path, target.permissions()));
      }
      anybodyWrites = isWritable(target);
    }
  }

  /** Attributes of a file itself, not of a link's target. */
  private record Attributes(int mode, int user, int group) {
    static Attributes of(Path path) throws IOException {
      Map<String, Object> read =
          Files.readAttributes(path, "unix:mode,uid,gid", LinkOption.NOFOLLOW_LINKS);
      return new Attributes(
          (Integer) read.get("mode"), (Integer) read.get("uid"), (Integer) read.get("gid"));
    }

    int permissions() {
      return mode & 07777;
    }
  }
}
