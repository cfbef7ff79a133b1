package org.sparklora.pipeline.run;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Puts a run's results into its folder, beside checkpoints that stay. Since several files cannot be
 * renamed atomically, the complete set is first renamed to {@code .results}; a later run can then
 * {@link #finish} moving its files.
 *
 * <p>The file by which PEFT or transformers recognises an adapter or a model ({@code
 * adapter_config.json}, {@code config.json}) is deleted first and moved last.
 */
record ResultFiles(FileSystem fileSystem, Path folder) {
  private static final String COMPLETE = ".results";
  private static final String REMOVED = "_removed_files";
  private static final List<String> MARKERS = List.of("adapter_config.json", "config.json");

  private Path complete() {
    return new Path(folder, COMPLETE);
  }

  /**
   * Replaces results.
   *
   * @param written a folder with all new files, inside {@link #folder}
   * @param old names of the earlier results' files in the folder
   */
  void replace(Path written, List<String> old) throws IOException {
    List<String> fresh = names(written);
    String removed = String.join("\n", old.stream().filter(name -> !fresh.contains(name)).toList());
    try (OutputStream out = fileSystem.create(new Path(written, REMOVED), true)) {
      out.write(removed.getBytes(StandardCharsets.UTF_8));
    }
    Renaming.rename(fileSystem, written, complete());
    finish();
  }

  /** Moves the files of a complete set in {@code .results}; does nothing without such a set. */
  void finish() throws IOException {
    if (!fileSystem.exists(complete())) {
      return;
    }
    Renaming.finish(fileSystem, complete(), "");
    List<String> waiting = names(complete());
    if (waiting.stream().anyMatch(MARKERS::contains)) { // otherwise all files were moved
      for (String name : MARKERS) {
        fileSystem.delete(new Path(folder, name), false);
      }
      String removed = new FolderContents(fileSystem, complete()).text(REMOVED).orElse("");
      for (String name : removed.lines().filter(one -> !one.isEmpty()).toList()) {
        fileSystem.delete(new Path(folder, name), true);
      }
    }
    for (String name : waiting) {
      if (!MARKERS.contains(name) && !name.equals(REMOVED)) {
        move(name);
      }
    }
    for (String name : MARKERS) {
      if (waiting.contains(name)) {
        move(name);
      }
    }
    fileSystem.delete(complete(), true);
  }

  private void move(String name) throws IOException {
    Path target = new Path(folder, name);
    fileSystem.delete(target, true);
    Renaming.rename(fileSystem, new Path(complete(), name), target);
  }

  private List<String> names(Path path) throws IOException {
    return new FolderContents(fileSystem, path).names(any -> true);
  }
}
