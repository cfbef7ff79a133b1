package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where JavaCPP unpacks native libraries, to load them from there. Where it cannot write into the
 * user's home, as in many containers, it would take {@code .javacpp-USER} of the temporary folder,
 * in which anybody could have put libraries before; it gets a {@link ScratchFolder} there.
 */
public final class NativeCache {
  static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

  private static final String OLDER_PROPERTY = "org.bytedeco.javacpp.cacheDir";

  private NativeCache() {}

  /**
   * Names a folder of this process's own where the home folder cannot be used and the user names
   * none. To be called before JavaCPP is used.
   */
  public static void secure() {
    if (System.getProperty(PROPERTY) != null || System.getProperty(OLDER_PROPERTY) != null) {
      return;
    }
    Path home = Path.of(System.getProperty("user.home")); // "?" of a user whom nobody knows
    if (!home.isAbsolute() || !isWritable(home.resolve(".javacpp").resolve("cache"))) {
      try {
        System.setProperty(PROPERTY, ScratchFolder.create("natives").toString());
      } catch (IOException e) {
        throw new IllegalArgumentException(
            "Cannot unpack native libraries (%s): %s; or in -D%s=…"
                .formatted(e.getMessage(), ScratchPlace.remedy(), PROPERTY),
            e);
      }
    }
  }

  private static boolean isWritable(Path folder) {
    try {
      return Files.isWritable(Files.createDirectories(folder));
    } catch (IOException e) {
      return false;
    }
  }
}
