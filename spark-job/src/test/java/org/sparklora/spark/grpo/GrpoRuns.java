package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;

/** Runs of {@code grpo} for tests of other packages. */
public final class GrpoRuns {
  private GrpoRuns() {}

  /** A run on a tiny model. */
  public static void tiny(SparkSession spark, Path model, Path output, String... more)
      throws IOException {
    GrpoRun.tiny(model, output).with(more).run(spark);
  }
}
