package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.train.TestModels;

/** Tests of commands on a tiny model, each in a folder of its own, and what the commands print. */
abstract class TinyModelCommands {
  @RegisterExtension final Captured out = Captured.out();
  @RegisterExtension final Captured err = Captured.err();

  @TempDir Path folder;

  /** In {@link #folder}. */
  Path model;

  @BeforeEach
  final void copyTheModel() throws IOException {
    model = TestModels.copy("llama-tiny", folder);
  }
}
