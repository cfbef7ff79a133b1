package org.sparklora.reward.job;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import org.junit.jupiter.api.Test;

class ReadFailureTest {

  private static IOException in(String className, IOException failure) {
    failure.setStackTrace(
        new StackTraceElement[] {
          new StackTraceElement("java.io.FileInputStream", "read", "FileInputStream.java", 1),
          new StackTraceElement(className, "hasNext", "Some.scala", 1)
        });
    return failure;
  }

  @Test
  void aFullDiskIsNoDamagedTable() {
    IOException full =
        in(
            "org.apache.spark.util.collection.ExternalSorter",
            new IOException("No space left on device"));
    assertThat(ReadFailure.of(new RuntimeException("Job aborted", full))).isEmpty();
  }

  @Test
  void aFailureOfAScanIsAReadFailure() {
    IOException cut =
        in(
            "org.apache.spark.sql.execution.datasources.FileScanRDD$$anon$1",
            new EOFException("Unexpected end of input stream"));
    assertThat(ReadFailure.of(new RuntimeException("Job aborted", cut)))
        .contains("EOFException Unexpected end of input stream");
  }
}
