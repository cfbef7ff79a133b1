package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Files;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.LocalCopy;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.train.TrainerState;
import org.sparklora.train.resume.Checkpoint;
import org.sparklora.train.resume.RunFingerprint;

/**
 * Saves the driver's vectors as {@code checkpoint-N} folders, deletes old ones as transformers
 * does, and loads one to resume, or the best one at the end.
 */
final class Checkpoints {
  private static final Logger LOG = LoggerFactory.getLogger(Checkpoints.class);

  private final Configuration hadoop;
  private final RunFolder folder;
  private final RunFingerprint fingerprint;
  private final ResultFolder results;
  private final TrainerState state;
  private final ParameterLayout layout;
  private final Engine engine = Engines.host();

  Checkpoints(
      Configuration hadoop, RunFolder folder, RunFingerprint fingerprint, ResultFolder results) {
    this.hadoop = hadoop;
    this.folder = folder;
    this.fingerprint = fingerprint;
    this.results = results;
    this.state = results.state();
    this.layout = results.model().layout();
  }

  RunFolder folder() {
    return folder;
  }

  /** Writes the model, whose parameters are saved and loaded. */
  ResultFolder results() {
    return results;
  }

  /**
   * Restores vectors and log from a checkpoint.
   *
   * @param totalSteps of this run
   * @throws ConfigException if the checkpoint is damaged or of another run
   */
  void resume(Path checkpoint, int totalSteps) throws IOException {
    try (LocalCopy copy = LocalCopy.of(hadoop, checkpoint, name -> true)) {
      Checkpoint saved = Checkpoint.open(copy.folder(), checkpoint.toString());
      fingerprint
          .requireSame(saved.fingerprint(), checkpoint.toString())
          .forEach(change -> LOG.warn("Going on from {}: {}", checkpoint, change));
      ConfigException.require(
          saved.step() <= totalSteps,
          Flags.RESUME_FROM_CHECKPOINT,
          checkpoint,
          "it was made after %s steps, and this run has only %s in all"
              .formatted(saved.step(), totalSteps));
      saved.restore(state);
      int best = state.best().checkpoint();
      if (best > 0 && !folder.checkpoints().contains(best)) {
        LOG.warn(
            "checkpoint-{}, the best one so far, is not in this output folder: it cannot be loaded at the end",
            best);
        state.bestIsLost();
      }
      saved.restore(layout, results.model().config(), engine, results.parameters(), moments());
    }
  }

  /** Reads further files of the checkpoint that the run resumes from, if it does. */
  void readResumed(RunFolder.Writer reader) throws IOException {
    if (folder.resumed().isPresent()) {
      try (LocalCopy copy = LocalCopy.of(hadoop, folder.resumed().get(), name -> true)) {
        reader.write(copy.folder());
      }
    }
  }

  /** Saves vectors and further files, then deletes what {@code save_total_limit} does not keep. */
  void save(RunFolder.Writer more) {
    int step = state.sums().steps();
    int best = state.best().step();
    if (best > 0 && (best == step || folder.checkpoints().contains(best))) {
      state.bestIsSaved();
    }
    folder.saveCheckpoint(step, local -> write(local, more));
    rotate();
  }

  /** The message of an interrupted run: its last step, and how to resume. */
  String whenInterrupted() {
    int step = state.sums().steps();
    List<Integer> saved = folder.checkpoints();
    if (saved.isEmpty()) {
      return "Interrupted after step %s, before the first checkpoint, so that nothing is kept; run it again, with checkpoints more often (--save_steps)"
          .formatted(step);
    }
    int last = saved.get(saved.size() - 1);
    return results.config().checkpoints().modelOnly()
        ? "Interrupted after step %s; checkpoint-%s holds the model alone (--save_only_model), from which no run goes on"
            .formatted(step, last)
        : "Interrupted after step %s; go on from checkpoint-%s with --resume_from_checkpoint true"
            .formatted(step, last);
  }

  private void write(java.nio.file.Path local, RunFolder.Writer more) throws IOException {
    results.writeModel(local);
    Files.writeString(local.resolve(TrainerState.FILE_NAME), state.toJson(bestFolder()));
    if (!results.config().checkpoints().modelOnly()) {
      more.write(local);
      Checkpoint.addResumeState(local, fingerprint, layout, moments(), state);
    }
  }

  private Tensor moments() {
    return engine.alias(results.vectors().moments(), 2 * layout.size()).tensor();
  }

  /** The folder of the best checkpoint, for {@code trainer_state.json}. */
  Optional<String> bestFolder() {
    int best = state.best().checkpoint();
    return best == 0
        ? Optional.empty()
        : Optional.of(results.config().output().folder() + "/" + folder.checkpoint(best).getName());
  }

  /**
   * Deletes the oldest checkpoints, but neither the newest, to resume from, nor the best. One that
   * is being pushed stays until the next save, or the end.
   */
  private void rotate() {
    int limit = results.config().checkpoints().limit();
    List<Integer> steps = folder.checkpoints();
    if (limit <= 0 || steps.isEmpty()) {
      return;
    }
    int newest = steps.get(steps.size() - 1);
    int best = state.best().checkpoint();
    int kept = best > 0 && best != newest ? Math.max(limit, 2) : limit;
    int left = steps.size();
    for (int step : steps) {
      if (left > kept && step != newest && step != best) {
        folder.deleteCheckpoint(step);
        left--;
      }
    }
  }

  /** Loads the best checkpoint for {@code load_best_model_at_end}. */
  void loadBest() throws IOException {
    int best = state.best().checkpoint();
    if (best > 0 && results.config().loadsBest()) {
      LOG.info("The results are those of checkpoint-{}, whose metric is best", best);
      try (LocalCopy copy = LocalCopy.of(hadoop, folder.checkpoint(best), name -> true)) {
        Checkpoint.loadParameters(
            copy.folder(), layout, results.model().config(), engine, results.parameters());
      }
    }
  }

  /** Rotates, and keeps the best checkpoint alone if the limit is 1; after saving the results. */
  void keepBest() {
    rotate();
    int best = state.best().checkpoint();
    if (best > 0 && results.config().checkpoints().limit() == 1) {
      folder.checkpoints().stream().filter(step -> step != best).forEach(folder::deleteCheckpoint);
    }
  }
}
