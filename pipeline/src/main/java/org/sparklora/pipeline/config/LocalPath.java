package org.sparklora.pipeline.config;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Reads the names of files and folders on this machine's disk. */
public final class LocalPath {
  /** A scheme has at least two letters: a single letter is a Windows drive. */
  private static final Pattern URI = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]+):/*(/.*)");

  private LocalPath() {}

  /** The path that a flag names, as {@link #of(String, String)} reads it. */
  public static Path of(Settings settings, Flag<String> flag) {
    return of(flag.name(), settings.get(flag));
  }

  /**
   * The path that a setting names, plainly or as {@code file:///…}.
   *
   * @throws ConfigException if it is one of another file system
   */
  public static Path of(String key, String name) {
    ConfigException.require(
        !isElsewhere(name),
        key,
        name,
        "places on this machine's disk alone can be named here; name one there");
    Matcher uri = URI.matcher(name);
    return Path.of(uri.matches() ? uri.group(2) : name);
  }

  /**
   * The absolute name, with its scheme, of what a setting names: without a scheme it lies on this
   * machine's disk, whatever Hadoop's default file system.
   */
  public static String qualified(String key, String name) {
    return isElsewhere(name) ? name : "file://" + of(key, name).toAbsolutePath().normalize();
  }

  /** Whether a name is a URI of another file system. */
  public static boolean isElsewhere(String name) {
    Matcher uri = URI.matcher(name);
    return uri.matches() && !uri.group(1).equals("file");
  }

  /**
   * The input that a file of settings names. A relative path that does not exist in the working
   * directory is looked for beside the file, and then beside a folder of the file that has the
   * path's first name: {@code conf/grpo/question.jinja} of {@code /opt/conf/grpo/deepmath.yaml} is
   * {@code /opt/conf/grpo/question.jinja}.
   *
   * @return an absolute path, or the name as it is if there is no such file
   */
  static String found(Path settingsFile, String name) {
    if (URI.matcher(name).matches() || Files.exists(Path.of(name))) {
      return name;
    }
    Path folder = settingsFile.toAbsolutePath().normalize().getParent();
    Stream<Path> above =
        Stream.iterate(folder, Objects::nonNull, Path::getParent)
            .filter(one -> Path.of(name).getName(0).equals(one.getFileName()))
            .map(one -> one.resolveSibling(name));
    return Stream.concat(Stream.of(folder.resolve(name)), above)
        .filter(Files::exists)
        .findFirst()
        .map(Path::toString)
        .orElse(name);
  }
}
