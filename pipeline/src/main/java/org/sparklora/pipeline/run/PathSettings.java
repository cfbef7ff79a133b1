package org.sparklora.pipeline.run;

import java.io.IOException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;

/**
 * Checks, before any work, that the file systems in settings of files and folders exist, with their
 * classes, and that no output is the root of one.
 */
public final class PathSettings {
  /** Commands that read and write local files by plain names. */
  private static final Set<String> LOCAL_COMMANDS =
      Set.of("score", "tokenize", "check", "verify-run");

  /** Flags whose folder holds a run or a table, with others beside it. */
  private static final Set<Flag<String>> WRITTEN =
      Set.of(Flags.OUTPUT_DIR, Flags.OUTPUT, Flags.PACKED_DIR, Flags.PROMPTS_DIR);

  private static final Pattern ROOT = Pattern.compile("/+|[A-Za-z][A-Za-z0-9+.-]+:/+([^/]+/)?");
  private static final Pattern SCHEME = Pattern.compile("([A-Za-z][A-Za-z0-9+.-]*):(/?)[^/]?.*");

  private PathSettings() {}

  /** Refuses the first path that the user set and that cannot be used. */
  public static void require(Settings settings) {
    Configuration hadoop = HadoopSettings.configuration();
    settings
        .paths()
        .forEach(
            (flag, values) ->
                values.forEach(value -> require(settings.command(), flag, value, hadoop)));
  }

  private static void require(String command, Flag<?> flag, String value, Configuration hadoop) {
    ConfigException.require(
        !WRITTEN.contains(flag) || !ROOT.matcher(value).matches(),
        flag,
        value,
        "it is the root of a file system; name a folder in it");
    Matcher matcher = SCHEME.matcher(value);
    if (!matcher.matches()) {
      return;
    }
    if (!matcher.group(2).isEmpty()) {
      requireFileSystem(flag, value, matcher.group(1), hadoop);
    } else {
      boolean local = flag == Flags.OUTPUT || LOCAL_COMMANDS.contains(command);
      ConfigException.require(
          local,
          flag,
          value,
          "what stands before a colon is taken for a file system, as in hdfs://…, and names with"
              + " colons cannot be read; rename it");
    }
  }

  private static void requireFileSystem(
      Flag<?> flag, String value, String scheme, Configuration hadoop) {
    try {
      FileSystem.getFileSystemClass(scheme, hadoop);
    } catch (IOException e) {
      throw new ConfigException(
          flag, value, "there is no file system %s:// here; is it misspelt?".formatted(scheme));
    } catch (RuntimeException e) {
      if (!(e.getCause() instanceof ClassNotFoundException)) {
        throw e;
      }
      throw new ConfigException(
          flag,
          value,
          "the jar with the file system %s:// is not here (%s); add it%s"
              .formatted(scheme, e.getCause().getMessage(), remedy(scheme)));
    }
  }

  private static String remedy(String scheme) {
    return scheme.startsWith("s3")
        ? ": --packages org.apache.hadoop:hadoop-aws:%s"
            .formatted(org.apache.hadoop.util.VersionInfo.getVersion())
        : " with --packages or --jars";
  }
}
