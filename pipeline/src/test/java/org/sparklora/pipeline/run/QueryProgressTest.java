package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class QueryProgressTest {
  private static final CountDownLatch SHOWN = new CountDownLatch(1);

  /** Receives what the progress prints, and lets the query's second task end. */
  private static final class Terminal extends ByteArrayOutputStream {
    @Override
    public synchronized void write(byte[] bytes, int offset, int length) {
      super.write(bytes, offset, length);
      if (toString(StandardCharsets.UTF_8).contains("1 rows")) {
        SHOWN.countDown();
      }
    }
  }

  @Test
  @Timeout(120)
  void theRowsOfAQueryAreCountedWhileItRuns() {
    PrintStream before = System.err;
    Terminal terminal = new Terminal();
    System.setProperty("lora.terminal", "true");
    System.setErr(new PrintStream(terminal, true, StandardCharsets.UTF_8));
    try (SparkSession spark =
        SparkSession.builder()
            .master("local[1]")
            .appName("query progress")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate()) {
      MapFunction<Long, Long> waits =
          id -> {
            if (id == 0) {
              Thread.sleep(150); // a terminal is redrawn ten times a second
            } else {
              SHOWN.await(60, TimeUnit.SECONDS);
            }
            return id;
          };
      QueryProgress.show(
          spark.sparkContext(),
          "pairs",
          "rows",
          () ->
              assertThat(spark.range(0, 2, 1, 2).map(waits, Encoders.LONG()).collectAsList())
                  .hasSize(2));
    } finally {
      System.setErr(before);
      System.clearProperty("lora.terminal");
    }

    assertThat(terminal.toString(StandardCharsets.UTF_8)).contains("pairs", "50 %", "1 rows");
  }
}
