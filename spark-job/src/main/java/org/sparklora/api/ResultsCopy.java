package org.sparklora.api;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.pipeline.run.OwnFiles;
import org.sparklora.pipeline.run.RunFolder;

/** Copies a run's results to another folder: see {@link SparkLora#copyResults}. */
final class ResultsCopy {
  private ResultsCopy() {}

  static void write(Configuration hadoop, String from, String to, boolean overwrite)
      throws IOException {
    OutputFolder.requireApart(hadoop, to, List.of(new Path(from)));
    try (RunFolder.Finished run = RunFolder.claim(hadoop, from);
        OutputFolder folder = OutputFolder.create(hadoop, to, overwrite)) {
      FileSystem target = folder.work().getFileSystem(hadoop);
      for (FileStatus file : run.fileSystem().listStatus(run.path())) {
        String name = file.getPath().getName();
        if (RunFolder.isResult(name) && OwnFiles.isOfRun(name)) {
          FileUtil.copy(run.fileSystem(), file.getPath(), target, folder.work(), false, hadoop);
        }
      }
      folder.commit();
    }
  }
}
