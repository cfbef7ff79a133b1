package org.sparklora.prep.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;

/** Puts files of the driver's cache where executors on other machines can read them. */
public final class SharedSplits {
  private SharedSplits() {}

  /**
   * The splits, with downloaded files replaced by copies.
   *
   * @param folder for the copies, on a file system that all machines see; the caller deletes it
   */
  public static List<DatasetSplit> copy(
      Configuration configuration, List<DatasetSplit> splits, Path folder) {
    Map<DatasetFile, DatasetFile> copies = new HashMap<>();
    List<DatasetSplit> shared = new ArrayList<>();
    for (DatasetSplit split : splits) {
      DatasetFile file = split.file();
      shared.add(
          file.downloaded()
              ? split.of(
                  copies.computeIfAbsent(
                      file, key -> copy(configuration, key, folder, copies.size())))
              : split);
    }
    return shared;
  }

  private static DatasetFile copy(
      Configuration configuration, DatasetFile file, Path folder, int number) {
    // numbered, since files from different folders may have the same name
    Path target = new Path(folder, number + "-" + file.hadoopPath().getName());
    try {
      FileSystem fileSystem = target.getFileSystem(configuration);
      fileSystem.copyFromLocalFile(false, true, file.hadoopPath(), target);
      return file.at(fileSystem.makeQualified(target).toString());
    } catch (IOException e) {
      throw new TableException(
          "Cannot copy %s to %s (%s): executors read it there; make room or choose another --output_dir"
              .formatted(file.path(), target, e.getMessage()),
          e);
    }
  }
}
