package org.sparklora.pipeline.run;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.sparklora.pipeline.config.ConfigException;

/**
 * The folder on this node's disk for temporary and reproducible files: rows, unfinished results,
 * native libraries, staged models. As for Spark's own blocks it is YARN's {@code LOCAL_DIRS}, a
 * standalone worker's {@code SPARK_EXECUTOR_DIRS}, {@code SPARK_LOCAL_DIRS} or {@code
 * spark.local.dir}, whichever is set first; else {@code TMPDIR}; else the JVM's {@code
 * java.io.tmpdir}. Of several folders it is the first writable one; if none is, a {@link
 * ConfigException} is thrown. Thread-safe.
 *
 * @param environment the value of a variable, or null
 * @param properties the value of a system property, or null
 */
public record ScratchPlace(UnaryOperator<String> environment, UnaryOperator<String> properties) {
  private static final String LOCAL_DIR = "spark.local.dir";
  private static final String TMPDIR = "TMPDIR";
  private static final String JVM = "java.io.tmpdir";

  /** Linux's default of {@code java.io.tmpdir}. */
  private static final String USUAL = "/tmp";

  private static final String REMEDY =
      "; name a folder of this machine's disk with room in spark.local.dir (or SPARK_LOCAL_DIRS),"
          + " or in TMPDIR";

  private static volatile String ofSession = "";

  private static ScratchPlace here() {
    return new ScratchPlace(
        System::getenv,
        name ->
            name.equals(LOCAL_DIR) && !ofSession.isBlank() ? ofSession : System.getProperty(name));
  }

  /** Makes the folders of a session, empty if {@code spark.local.dir} is unset, this process's. */
  public static void ofSession(String localDirs) {
    ofSession = localDirs;
  }

  /** This process's folder; a cluster may delete it with the application. */
  public static Path folder() {
    return here().decide(true);
  }

  /** The folder for files that outlive an application, unlike a standalone worker's folders. */
  public static Path lasting() {
    return here().decide(false);
  }

  /**
   * Checks the folder before any work, and sets {@code java.io.tmpdir}, which libraries use, to
   * {@code TMPDIR} or, if that is not writable, to this folder.
   */
  public static void require() {
    Path folder = folder();
    String temporary = here().temporary().folders.get(0);
    System.setProperty(JVM, isWritable(Path.of(temporary)) ? temporary : folder.toString());
  }

  /**
   * @throws IOException if the folder's disk has room for fewer than {@code bytes} bytes
   */
  public static void requireRoom(Path folder, long bytes) throws IOException {
    long usable = Files.getFileStore(folder).getUsableSpace();
    if (usable < bytes) {
      throw new IOException(
          String.format(
              Locale.ROOT,
              "%,d MB are needed in %s, whose disk has room for %,d MB",
              bytes >> 20,
              folder,
              usable >> 20));
    }
  }

  /** The remedy for a scratch folder that is full or not writable. */
  public static String remedy() {
    return "make room there" + REMEDY;
  }

  /** A setting and the folders that it names. */
  private record Named(String setting, List<String> folders) {
    static Stream<Named> of(String setting, String value, String separator) {
      if (value == null) {
        return Stream.empty();
      }
      List<String> folders =
          Stream.of(value.split(separator))
              .map(String::strip)
              .filter(one -> !one.isEmpty())
              .toList();
      return folders.isEmpty() ? Stream.empty() : Stream.of(new Named(setting, folders));
    }
  }

  Path decide(boolean withApplication) {
    boolean inYarn = environment.apply("CONTAINER_ID") != null; // Spark's test for YARN
    Named named =
        Stream.of(
                ofVariable("LOCAL_DIRS", ",").filter(one -> inYarn),
                ofVariable("SPARK_EXECUTOR_DIRS", File.pathSeparator)
                    .filter(one -> withApplication),
                ofVariable("SPARK_LOCAL_DIRS", ","),
                Named.of(LOCAL_DIR, properties.apply(LOCAL_DIR), ","))
            .flatMap(one -> one)
            .findFirst()
            .orElseGet(this::temporary);
    Optional<Path> writable =
        named.folders.stream().map(Path::of).filter(ScratchPlace::isWritable).findFirst();
    return writable
        .map(Path::toAbsolutePath)
        .orElseThrow(
            () ->
                new ConfigException(
                    named.setting,
                    String.join(",", named.folders),
                    "user %s can write nothing there".formatted(properties.apply("user.name"))
                        + REMEDY));
  }

  private Stream<Named> ofVariable(String name, String separator) {
    return Named.of(name, environment.apply(name), separator);
  }

  /** TMPDIR, which the JVM ignores, unless {@code java.io.tmpdir} was set to another folder. */
  private Named temporary() {
    String told = properties.apply(JVM);
    String variable = environment.apply(TMPDIR);
    return told.equals(USUAL) && variable != null && !variable.isBlank()
        ? new Named(TMPDIR, List.of(variable))
        : new Named(JVM, List.of(told));
  }

  /** Whether a folder is writable; creates it if missing, as Spark does. */
  static boolean isWritable(Path folder) {
    try {
      return Files.isWritable(Files.createDirectories(folder));
    } catch (IOException e) {
      return false;
    }
  }
}
