package org.sparklora.spark.sft;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.spark.cli.CommandRun;
import org.sparklora.spark.cli.LocalCluster;
import org.sparklora.spark.cli.LocalCluster.Said;
import org.sparklora.spark.cli.SameRun;
import org.sparklora.spark.cli.SftRun;

/**
 * {@code sft} of the quickstart's model on executors that are JVMs of their own, with both kinds of
 * {@code --sync}. Whatever happens on the way, what comes out is the undisturbed run's, to the last
 * bit.
 */
class SftClusterIT {
  private static final int STEPS = 16;
  private static final int SAVED_STEP = 4; // in the middle of an averaging round of three steps
  private static final int STEPS_BEFORE_THE_FAULT = 5;
  private static final LocalCluster THREE_EXECUTORS = LocalCluster.of(3, 1, 1536);

  private static final String LOCAL_STEPS =
      "parameters --outer_optimizer nesterov --averaging_dtype int8";

  /** Three partial sums instead of one, in float32, over all steps; of the adapter's norm. */
  private static final double ROUNDING = 1e-5;

  @TempDir private static Path folder;

  /** By kind of {@code --sync}, on three executors. */
  private static final Map<String, SftRun> UNDISTURBED = new HashMap<>();

  private static SftRun sft(String name, String sync) {
    return new SftRun(
        folder.resolve((sync + name).replace(' ', '-')),
        CommandRun.words(
            """
            --config %s --model_name_or_path %s --dataset_name %s --packed_dir %s
            --lora_r 16 --max_length 128 --per_device_train_batch_size 1
            --max_steps %s --save_steps %s --logging_steps 1
            --num_workers 3 --averaging_frequency 3 --sync
            """
                + sync,
            LocalCluster.QUICKSTART.resolve("sft.yaml"),
            LocalCluster.QUICKSTART.resolve("base"),
            LocalCluster.QUICKSTART.resolve("gsm8k_heldout.jsonl.gz"),
            folder.resolve("packed"),
            STEPS,
            SAVED_STEP));
  }

  private static SftRun undisturbed(String sync) throws Exception {
    SftRun run = UNDISTURBED.get(sync);
    if (run == null) {
      run = sft("-cluster", sync);
      THREE_EXECUTORS.run("sft", run);
      UNDISTURBED.put(sync, run);
    }
    return run;
  }

  @ParameterizedTest
  @ValueSource(strings = {"parameters", "gradients", LOCAL_STEPS})
  void threeExecutorsTrainWhatOneJvmTrainsButForRounding(String sync) throws Exception {
    SftRun local = sft("-local", sync);
    assertThat(CommandRun.ofLocal("sft", local.arguments())).isZero();

    assertThat(undisturbed(sync).distanceFrom(local)).isLessThanOrEqualTo(ROUNDING);
  }

  @Test
  void tasksOfAnExecutorShareItsBaseModel() throws Exception {
    SftRun shared = sft("-shared", "parameters");
    Said said = LocalCluster.of(1, 3, 1536).run("sft", shared);

    assertThat(said.executors()).containsOnlyOnce("Loaded the base model");
    SameRun.assertSame(shared.output(), undisturbed("parameters").output());
  }

  /** The run begins at a checkpoint, with another serialiser, and loses an executor on the way. */
  @ParameterizedTest
  @ValueSource(strings = {"parameters", "gradients", LOCAL_STEPS})
  void aResumedRunOutlivesAnExecutorToTheLastBit(String sync) throws Exception {
    SftRun whole = undisturbed(sync);
    SftRun resumed = sft("-resumed", sync).with("--resume_from_checkpoint", "true");
    String checkpoint = "checkpoint-" + SAVED_STEP;
    Files.createDirectories(resumed.output());
    SftRun.copy(whole.output().resolve(checkpoint), resumed.output().resolve(checkpoint));
    THREE_EXECUTORS
        .kryo()
        .runLosingAnExecutor(
            "sft",
            resumed,
            () -> resumed.rowsLogged() >= STEPS_BEFORE_THE_FAULT,
            () -> resumed.rowsLogged() >= STEPS);

    SameRun.assertSame(resumed.output(), whole.output());
  }
}
