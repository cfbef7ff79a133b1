package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Path;
import org.sparklora.spark.train.TrainerState;

/** What {@link Checkpoints} has to know of the run whose checkpoints they are. */
public interface CheckpointedRun {

  /** When checkpoints are saved, and how many stay. */
  CheckpointConfig checkpoints();

  /** {@code output_dir}, as the user wrote it. */
  String outputFolder();

  /** Whether the results are those of the best checkpoint. */
  boolean loadsBest();

  /** Writes what makes a local folder an adapter or a model, and what else the run needs. */
  void writeModel(Path local, TrainerState state) throws IOException;

  /** Reads what else {@link #writeModel} wrote, of a checkpoint the run goes on from. */
  void restore(Path local) throws IOException;
}
