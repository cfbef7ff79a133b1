package org.sparklora.prep;

import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import org.sparklora.prep.curate.CurateConfig;
import org.sparklora.prep.curate.CurateJob;
import org.sparklora.prep.curate.CurateManifest;
import org.sparklora.prep.table.SelectedTable;
import org.sparklora.prep.table.SourceTables;

/** Opens tables, and filters files, with a session. Used by the driver's thread. */
public final class SessionTables {
  private final SparkSession session;

  public SessionTables(SparkSession session) {
    this.session = session;
  }

  /** Hadoop's settings of the session. */
  public Configuration hadoop() {
    return session.sparkContext().hadoopConfiguration();
  }

  /** Whether tasks run on the driver's machine. */
  boolean sameMachine() {
    return session.sparkContext().isLocal();
  }

  SelectedTable open(PrepConfig.Source source) {
    return SourceTables.open(session, source.dataset(), source.query());
  }

  /**
   * The rows of files for which a predicate of Spark SQL holds, written by {@code curate}; its
   * counts are added to those of {@code files}.
   *
   * @param model whose tokens the predicate may count
   * @param folder for the rows; the caller deletes it
   */
  DatasetInput filtered(DatasetInput files, String filter, PrepConfig.Model model, Path folder) {
    CurateConfig.Steps steps =
        new CurateConfig.Steps(filter, false, 0, CurateConfig.Keep.FIRST, List.of(), "");
    CurateManifest made =
        CurateJob.run(
            session,
            new CurateConfig(
                files.source(), steps, "", Optional.of(model), folder.toString(), false));
    files.counts().addFiltered(made.counts());
    return FileInput.find(
        hadoop(), PrepConfig.Source.of(new Path(folder, CurateManifest.DATA).toString()));
  }
}
