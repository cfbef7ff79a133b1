package org.sparklora.train.resume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.train.Cadence;
import org.sparklora.train.RowOrder;
import org.sparklora.train.TrainerState;
import org.sparklora.train.TrainingPlan;

class CheckpointTest {
  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "resume_state.json",
        "optimizer.safetensors",
        "optimizer.worker-1.safetensors",
        "round.parquet",
        "ahead-0012.parquet"
      })
  void aCheckpointIsPushedWithoutTheFilesForResuming(String name) {
    assertThat(Checkpoint.isForResuming(name)).isTrue();
    assertThat(Checkpoint.isForResuming("adapter_model.safetensors")).isFalse();
    assertThat(Checkpoint.isForResuming("trainer_state.json")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(strings = {"null", "{\"format_version\": 1}", "{\"format_version\": 1", ""})
  void aResumeStateWithoutItsPartsIsDamaged(String content) throws IOException {
    Files.writeString(folder.resolve(ResumeState.FILE_NAME), content);

    assertThatThrownBy(() -> Checkpoint.open(folder, "checkpoint-1"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("resume_from_checkpoint = checkpoint-1: its resume_state.json is")
        .hasMessageContaining("damaged")
        .hasMessageContaining("delete this folder to go on from an earlier one");
  }

  @ParameterizedTest
  @ValueSource(strings = {"{}", "[]"})
  void aTrainerStateWithoutALogIsDamaged(String content) throws IOException {
    Path file = Files.writeString(folder.resolve(TrainerState.FILE_NAME), content);
    Path templates = Files.createDirectory(folder.resolve("additional_chat_templates"));
    Path template = Files.writeString(templates.resolve("tool_use.jinja"), "{{ tools }}");
    Cadence never = new Cadence(Cadence.Unit.NO, 1, 0);
    TrainerState log =
        new TrainerState(
            new TrainingPlan(1, 1, 1, 1, 1, 0, RowOrder.SEQUENTIAL, 0),
            new TrainerState.Settings(
                1, new TrainerState.LogInterval(1, false), never, never, 0, true, false));
    ResumeState.of(folder, new RunFingerprint(Map.of(), Map.of()), log).write(folder);
    Checkpoint checkpoint = Checkpoint.open(folder, "checkpoint-1");

    assertThatThrownBy(() -> checkpoint.restore(log))
        .isInstanceOf(TableException.class)
        .hasMessageContaining("Cannot read log_history in " + file)
        .hasMessageContaining("it is damaged; go on from an earlier checkpoint");
    Files.delete(template);
    assertThatThrownBy(() -> Checkpoint.open(folder, "checkpoint-1"))
        .hasMessageContaining("its additional_chat_templates/tool_use.jinja is missing");
  }
}
