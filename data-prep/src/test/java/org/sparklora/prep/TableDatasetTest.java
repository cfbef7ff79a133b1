package org.sparklora.prep;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.io.TempDir;

/** Tables of the real Delta Lake, Iceberg and Hive catalogue, in one session. */
class TableDatasetTest {

  @BeforeAll
  static void open(@TempDir Path folder) throws IOException {
    TableFixture.open(folder);
  }

  @AfterAll
  static void close() {
    TableFixture.close();
  }

  @Nested
  class Versions extends TableVersionCases {}

  @Nested
  class Queries extends TableQueryCases {}
}
