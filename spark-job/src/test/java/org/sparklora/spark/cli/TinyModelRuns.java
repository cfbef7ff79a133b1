package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.train.TestModels;

/** Tests whose runs are of one tiny model, in one Spark session of three task slots. */
public abstract class TinyModelRuns {
  @AutoClose protected static SparkSession spark;

  /** The folder of the model; runs write their packed rows, prompts and results into it. */
  @TempDir protected static Path folder;

  protected static Path model;

  @BeforeAll
  protected static void openSparkAndCopyTheModel() throws IOException {
    spark = TestSpark.open(3);
    model = TestModels.copy("llama-tiny", folder);
  }
}
