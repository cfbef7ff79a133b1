package org.sparklora.spark.cli;

import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Settings;

/** Reads the names of files and folders that a command finds on this machine's disk alone. */
final class LocalPath {
  private static final Pattern URI = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):/*(/.*)");

  private LocalPath() {}

  /**
   * The path that a flag names, plainly or as {@code file:///…}.
   *
   * @throws ConfigException if it is one of another file system
   */
  static Path of(Settings settings, Flag<String> flag) {
    String name = settings.get(flag);
    Matcher uri = URI.matcher(name);
    boolean isUri = uri.matches();
    ConfigException.require(
        !isUri || uri.group(1).equals("file"),
        flag,
        name,
        "this command knows this machine's disk alone; name a place there");
    return Path.of(isUri ? uri.group(2) : name);
  }
}
