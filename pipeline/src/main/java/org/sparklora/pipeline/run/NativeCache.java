package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Path;

/**
 * The folder into which JavaCPP unpacks native libraries. If JavaCPP cannot write to the user's
 * home, as in many containers, it would load libraries from {@code .javacpp-USER} in the temporary
 * folder, where any user could have put some; this class gives it a {@link ScratchFolder} instead.
 */
public final class NativeCache {
  static final String PROPERTY = "org.bytedeco.javacpp.cachedir";

  private static final String OLDER_PROPERTY = "org.bytedeco.javacpp.cacheDir";

  private NativeCache() {}

  /**
   * Sets a private folder of this process if the home folder cannot be used and the user set none.
   * To be called before JavaCPP is used.
   */
  public static void secure() {
    if (System.getProperty(PROPERTY) != null || System.getProperty(OLDER_PROPERTY) != null) {
      return;
    }
    Path home = Path.of(System.getProperty("user.home")); // "?" for a user without a name
    if (!home.isAbsolute() || !ScratchPlace.isWritable(home.resolve(".javacpp").resolve("cache"))) {
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
}
