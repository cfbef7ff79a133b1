package org.sparklora.prep;

import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.prep.curate.CurateConfig;
import org.sparklora.prep.curate.CurateJob;
import org.sparklora.prep.curate.CurateManifest;

/** A session that opens tables and filters files. Used by the driver's thread. */
public record SessionTables(SparkSession session) {
  public Configuration hadoop() {
    return session.sparkContext().hadoopConfiguration();
  }

  /** The time zone in which Spark SQL compares times. */
  String timeZone() {
    return session.conf().get("spark.sql.session.timeZone");
  }

  /** Whether tasks run on the driver's machine. */
  boolean sameMachine() {
    return session.sparkContext().isLocal();
  }

  /**
   * The rows of files that a mixture's filter keeps, with the columns that are taken, written by
   * {@code curate}; its counts replace those of {@code files}.
   *
   * @param model whose tokens the filter may count
   * @param folder for the rows; the caller deletes it
   */
  DatasetInput filtered(
      DatasetInput files, Mixture.Part part, PrepConfig.Model model, Path folder) {
    CurateConfig.Steps filter =
        new CurateConfig.Steps(part.filter(), false, 0, CurateConfig.Keep.FIRST, List.of(), "");
    CurateConfig config =
        new CurateConfig(files.source(), filter, "", Optional.of(model), folder.toString(), false);
    CurateManifest made = CurateJob.run(session, config, part);
    files.counts().replaceBy(made.counts());
    return FileInput.find(
        hadoop(), PrepConfig.Source.of(new Path(folder, CurateManifest.DATA).toString()));
  }
}
