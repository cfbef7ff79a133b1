package org.sparklora.prep;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.DatasetFile;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.source.DatasetSample;
import org.sparklora.prep.source.DatasetSplit;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.prep.source.SplitGroup;

/**
 * A dataset of files, read without Spark SQL.
 *
 * @param splits of {@code files}, in row order
 * @param counts includes the files that could not be cut into splits
 */
record FileInput(
    PrepConfig.Source source, List<DatasetFile> files, List<DatasetSplit> splits, PrepCounts counts)
    implements DatasetInput {
  private static final String DOWNLOADED = "downloaded";

  /** Finds the files of {@code source} and cuts them into splits. */
  static FileInput find(Configuration configuration, PrepConfig.Source source) {
    source
        .query()
        .refuseFor(
            source.dataset(),
            "%s is files, which are read without Spark SQL; say --dataset_format parquet (or json, csv, …) to read them as a table");
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
    return new FileInput(source, files, splits, counts);
  }

  @Override
  public String description() {
    return "%s (%s files, %s splits)".formatted(source.dataset(), files.size(), splits.size());
  }

  @Override
  public Map<String, Object> sample(Configuration configuration) {
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

  /** Copies downloaded files if tasks run on other machines. */
  @Override
  public List<SplitGroup> readable(SessionTables session, Path scratch) {
    if (session.sameMachine() || files.stream().noneMatch(DatasetFile::downloaded)) {
      return SplitGroup.of(splits);
    }
    DatasetSplits cut = new DatasetSplits(session.hadoop());
    Path folder = new Path(scratch, DOWNLOADED);
    // find() has counted the files that cannot be read
    List<DatasetSplit> ofCopies = cut.of(cut.copies(files, folder), problem -> {});
    if (ofCopies.size() != splits.size()) {
      throw new TableException(
          "Cannot read all copies of the dataset's files in %s: look at the disk, and start again"
              .formatted(folder));
    }
    return SplitGroup.of(ofCopies);
  }

  @Override
  public List<Path> places() {
    return files.stream().map(DatasetFile::hadoopPath).toList();
  }

  @Override
  public String fingerprint(Configuration configuration) {
    return DatasetIdentity.ofFiles(configuration, files);
  }
}
