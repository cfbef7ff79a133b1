package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class PrivateFolderTest {
  private static final int NOBODY_HERE = 4711;

  @TempDir Path temporary;

  private Path folder(String name, String mode) throws IOException {
    Path folder = Files.createDirectories(temporary.resolve(name));
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString(mode));
    return folder;
  }

  private int user() throws IOException {
    return (Integer) Files.getAttribute(temporary, "unix:uid");
  }

  private static String mode(Path folder) throws IOException {
    return PosixFilePermissions.toString(Files.getPosixFilePermissions(folder));
  }

  @Test
  void aNewOneAndThoseAboveItAreTheOwnersAlone() throws IOException {
    Path folder = PrivateFolder.open(temporary.resolve("a/b"));
    assertThat(mode(folder)).isEqualTo("rwx------");
    assertThat(mode(folder.getParent())).isEqualTo("rwx------");
    assertThat(PrivateFolder.open(folder)).isEqualTo(folder);
  }

  @Test
  void oneThatOthersCouldOnlyReadIsClosedToThem() throws IOException {
    Path folder = PrivateFolder.open(folder("readable", "rwxr-xr-x"));
    assertThat(mode(folder)).isEqualTo("rwx------");
  }

  @Test
  void oneThatOthersCouldWriteToIsRefused() throws IOException {
    Path folder = folder("open", "rwxrwxrwx");
    assertThatThrownBy(() -> PrivateFolder.open(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("other users can write to " + folder)
        .hasMessageContaining("777");
  }

  @Test
  void anotherUsersIsRefused() throws IOException {
    Path folder = folder("theirs", "rwx------");
    boolean root = user() == 0; // who may give folders away; others' are of another in their eyes
    if (root) {
      Files.setAttribute(folder, "unix:uid", NOBODY_HERE);
    }
    PrivateFolder another = new PrivateFolder(root ? 0 : NOBODY_HERE, NOBODY_HERE, true);
    assertThatThrownBy(() -> another.openChecked(folder))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(folder + " belongs to user");
  }

  @Test
  void linksAndFilesAreRefused() throws IOException {
    Path link = temporary.resolve("link");
    Files.createSymbolicLink(link, folder("elsewhere", "rwx------"));
    assertThatThrownBy(() -> PrivateFolder.open(link)).hasMessageContaining(link + " is a link");

    Path dangling = temporary.resolve("dangling");
    Files.createSymbolicLink(dangling, temporary.resolve("nothing"));
    assertThatThrownBy(() -> PrivateFolder.open(dangling)).hasMessageContaining("is a link");

    Path file = Files.createFile(temporary.resolve("file"));
    assertThatThrownBy(() -> PrivateFolder.open(file)).hasMessageContaining("is no folder");
  }

  @Test
  void aFolderAboveInWhichOthersCanRenameIsRefusedButInPods() throws IOException {
    Path folder = folder("shared", "rwxrwxrwx").resolve("mine");
    assertThatThrownBy(() -> PrivateFolder.open(folder))
        .hasMessageContaining("other users can rename what lies in " + folder.getParent());

    assertThat(new PrivateFolder(user(), NOBODY_HERE, true).openChecked(folder)).exists();
  }

  @Test
  void aLinkAboveLeadsNowhereElse() throws IOException {
    Path shared = folder("shared", "rwxrwxrwx");
    Files.createDirectories(shared.resolve("mine"));
    Path link = temporary.resolve("link");
    Files.createSymbolicLink(link, shared);
    assertThatThrownBy(() -> PrivateFolder.open(link.resolve("mine")))
        .hasMessageContaining("other users can rename what lies in ");
  }
}
