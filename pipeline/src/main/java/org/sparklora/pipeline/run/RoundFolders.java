package org.sparklora.pipeline.run;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/**
 * Tables that one stage of a round writes for the next, {@code rounds/round-0007/generations}, each
 * with a note of its inputs, so that a resumed run uses no table of another run. One thread uses
 * it, while others save checkpoints.
 */
public final class RoundFolders {
  /** The file of the note in a table; Spark does not read files that begin with an underscore. */
  private static final String MADE_FROM = "_made_from.txt";

  private final FileSystem fileSystem;
  private final Path folder;
  private final Saving saving;

  RoundFolders(FileSystem fileSystem, Path folder, Saving saving) {
    this.fileSystem = fileSystem;
    this.folder = folder;
    this.saving = saving;
  }

  /** The folder of a round's table, which need not exist. */
  public Path table(int round, String table) {
    return new Path(roundFolder(round), table);
  }

  private Path roundFolder(int round) {
    return new Path(folder, String.format(Locale.ROOT, "round-%04d", round));
  }

  /**
   * Whether a round's table exists and its note equals {@code madeFrom}; a table of a run with
   * other settings or parameters does not count.
   */
  public boolean has(int round, String table, String madeFrom) {
    Path path = table(round, table);
    try {
      return new FolderContents(fileSystem, path).text(MADE_FROM).equals(Optional.of(madeFrom));
    } catch (IOException e) {
      throw RunFolder.failed("look at", new Path(path, MADE_FROM), e);
    }
  }

  /** Whether a round's table exists, whatever its note. */
  public boolean has(int round, String table) {
    Path path = table(round, table);
    try {
      return fileSystem.exists(path);
    } catch (IOException e) {
      throw RunFolder.failed("look at", path, e);
    }
  }

  /**
   * Saves a table of a round, which appears when it is complete.
   *
   * @throws TableException when it cannot be written; earlier tables stay
   */
  public void save(int round, String table, String madeFrom, RunFolder.Writer writer) {
    Path target = table(round, table);
    saving.save(
        "%s-of-round-%s".formatted(table, round),
        local -> {
          writer.write(local);
          Files.writeString(local.resolve(MADE_FROM), madeFrom);
        },
        part -> {
          fileSystem.delete(target, true);
          fileSystem.mkdirs(target.getParent());
          Renaming.rename(fileSystem, part, target);
        });
  }

  /** Deletes the tables of rounds up to {@code round} except the last {@code kept}. */
  public void forget(int round, int kept) {
    for (int old = round - kept; old >= 0; old--) {
      Path path = roundFolder(old);
      try {
        saving.requireHeld();
        if (!fileSystem.delete(path, true)) {
          return; // this and all earlier rounds were deleted before
        }
      } catch (IOException e) {
        throw RunFolder.failed("delete", path, e);
      }
    }
  }
}
