package org.sparklora.prep;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.DatasetFile;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.source.DatasetSample;
import org.sparklora.prep.source.DatasetSplit;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.prep.source.SharedSplits;

/**
 * The dataset of a job as it was found.
 *
 * @param splits of the files, in row order
 * @param counts has the files that could not even be cut into splits
 */
record DatasetInput(
    PrepConfig.Source source,
    List<DatasetFile> files,
    List<DatasetSplit> splits,
    PrepCounts counts) {
  private static final String DOWNLOADED = "downloaded";

  /**
   * Finds files and splits.
   *
   * @throws ConfigException when there are none
   * @throws org.sparklora.prep.source.BadRowException for a file that cannot be read, unless such
   *     are skipped
   */
  static DatasetInput find(Configuration configuration, PrepConfig.Source source) {
    List<DatasetFile> files =
        new DatasetFiles(configuration).find(source.dataset(), source.config(), source.split());
    PrepCounts counts = new PrepCounts(files);
    List<DatasetSplit> splits =
        new DatasetSplits(configuration)
            .of(
                files,
                problem -> {
                  if (source.onBadRows() == OnBadRows.FAIL) {
                    throw problem;
                  }
                  counts.addUnreadable(problem);
                });
    return new DatasetInput(source, files, splits, counts);
  }

  /**
   * By column the first value that is not null.
   *
   * @throws ConfigException if it has no row, or none can be read and bad ones are skipped
   * @throws org.sparklora.prep.source.BadRowException for the first row when none can be read
   */
  Map<String, Object> sample(Configuration configuration) {
    List<BadRowException> bad = new ArrayList<>();
    Map<String, Object> sample =
        DatasetSample.of(
            configuration,
            splits,
            problem -> {
              if (bad.isEmpty()) {
                bad.add(problem);
              }
            });
    if (sample.isEmpty() && !bad.isEmpty()) {
      if (source.onBadRows() == OnBadRows.FAIL) {
        throw bad.get(0);
      }
      counts.addUnreadable(bad.get(0));
    }
    requireRows(!sample.isEmpty(), "it has no row that can be read");
    return sample;
  }

  /** Throws {@link ConfigException} with the first problem that was met, unless there are rows. */
  void requireRows(boolean there, String problem) {
    ConfigException.require(
        there,
        Flags.DATASET_NAME,
        source.dataset(),
        problem
            + "; name a dataset with rows"
            + (counts.problems().isEmpty() ? "" : ". First problem: " + counts.problems().get(0)));
  }

  /**
   * The splits as tasks can read them.
   *
   * @param sameMachine whether tasks run on the driver's; else downloaded files are copied
   * @param scratch a folder of the table's file system, which all machines see and the job deletes
   */
  List<DatasetSplit> readable(Configuration configuration, boolean sameMachine, Path scratch) {
    return sameMachine
        ? splits
        : SharedSplits.copy(configuration, splits, new Path(scratch, DOWNLOADED));
  }

  String fingerprint() {
    return DatasetFingerprint.of(files);
  }
}
