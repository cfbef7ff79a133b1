package org.sparklora.prep;

import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.DatasetFile;
import org.sparklora.prep.source.DatasetFiles;
import org.sparklora.prep.source.DatasetSample;
import org.sparklora.prep.source.DatasetSplit;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.prep.source.SplitGroup;

/** A dataset of files, read without Spark SQL; its splits are in row order. */
record FileInput(
    PrepConfig.Source source, List<DatasetFile> files, List<DatasetSplit> splits, PrepCounts counts)
    implements DatasetInput {
  static FileInput find(Configuration configuration, PrepConfig.Source source) {
    source
        .query()
        .refuseFor(
            source.dataset(),
            "%s is files, which are read without Spark SQL; say --dataset_format parquet (or json, csv, …) to read them as a table");
    List<DatasetFile> files =
        new DatasetFiles(configuration).find(source.dataset(), source.config(), source.split());
    PrepCounts counts = new PrepCounts();
    List<DatasetSplit> splits =
        new DatasetSplits(configuration)
            .of(files, problem -> counts.addUnreadable(problem, source.onBadRows()));
    return new FileInput(source, files, splits, counts);
  }

  @Override
  public String description() {
    return "%s (%s files, %s splits)".formatted(source.dataset(), files.size(), splits.size());
  }

  @Override
  public Map<String, Object> sample(Configuration configuration) {
    AtomicReference<BadRowException> first = new AtomicReference<>();
    Map<String, Object> sample =
        DatasetSample.of(configuration, splits, problem -> first.compareAndSet(null, problem));
    if (sample.isEmpty() && first.get() != null) {
      counts.addUnreadable(first.get(), source.onBadRows());
    }
    counts.requireRows(!sample.isEmpty(), source.dataset(), "it has no row that can be read");
    return sample;
  }

  /** Copies downloaded files if tasks run on other machines. */
  @Override
  public List<SplitGroup> readable(SessionTables session, Path scratch) {
    boolean there = session.sameMachine() || files.stream().noneMatch(DatasetFile::downloaded);
    Path folder = new Path(scratch, "downloaded");
    return SplitGroup.of(
        there ? splits : new DatasetSplits(session.hadoop()).copies(splits, folder));
  }
}
