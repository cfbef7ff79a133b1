package org.sparklora.observe.track;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.sparklora.observe.track.TrackingConfig.Tracker;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

class TrackingConfigTest {

  private static TrackingConfig of(String... flags) {
    return of(Map.of(), flags);
  }

  private static TrackingConfig of(Map<String, String> environment, String... flags) {
    Settings settings = CommandLine.parse("sft", new ArrayList<>(List.of(flags))).settings();
    return TrackingConfig.of(settings, settings.get(Flags.REPORT_TO), environment);
  }

  @Test
  void takesOneTrackerOrAListOrAll() {
    assertThat(of().trackers()).isEmpty();
    assertThat(of("--report_to", "none").trackers()).isEmpty();
    assertThat(of("--report_to", "tensorboard").trackers()).isEqualTo(Set.of(Tracker.TENSORBOARD));
    assertThat(of("--report_to", "trackio", "tensorboard").trackers())
        .isEqualTo(Set.of(Tracker.TRACKIO, Tracker.TENSORBOARD));
    assertThat(of("--report_to", "all", "--project", "p q").trackers())
        .isEqualTo(Set.of(Tracker.TRACKIO, Tracker.TENSORBOARD));
  }

  @Test
  void refusesTrackersThatAreNotHereAndNoneBesideOthers() {
    assertThatThrownBy(() -> of("--report_to", "wandb"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("report_to = wandb")
        .hasMessageContaining("private")
        .hasMessageContaining("trackio, tensorboard")
        .hasMessageContaining("mlflow, all or none");
    assertThatThrownBy(() -> of("--report_to", "comet_ml"))
        .hasMessageContaining("report_to = comet_ml")
        .hasMessageContaining("trackio, tensorboard, mlflow, all or none");
    assertThatThrownBy(() -> of("--report_to", "none", "trackio"))
        .hasMessageContaining("none stands alone");
  }

  @Test
  void mlflowIsOneOfAllWhereTheEnvironmentSaysWhereItIs() {
    Map<String, String> environment = Map.of("MLFLOW_TRACKING_URI", "http://h:5000");
    assertThat(of(environment, "--report_to", "all").trackers())
        .isEqualTo(Set.of(Tracker.values()));
    TrackingConfig alone =
        of(environment, "--report_to", "mlflow", "--registered_model_name", "gsm8k");
    assertThat(alone.trackers()).isEqualTo(Set.of(Tracker.MLFLOW));
    assertThat(alone.mlflow().orElseThrow().registeredModelName()).contains("gsm8k");
    assertThatThrownBy(() -> of("--report_to", "mlflow"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("MLFLOW_TRACKING_URI = unset");
    assertThatThrownBy(() -> of("--registered_model_name", "gsm8k"))
        .hasMessageContaining("--report_to mlflow");
  }

  @Test
  void refusesProjectsWhoseFilesAreTrackiosOwn() {
    assertThatThrownBy(() -> of("--report_to", "trackio", "--project", "registry-x"))
        .hasMessageContaining("registry-");
    assertThatThrownBy(() -> of("--report_to", "trackio", "--project", "my_system"))
        .hasMessageContaining("project = my_system")
        .hasMessageContaining("_system");
    assertThat(of("--project", "my_system").project())
        .as("nobody opens its file")
        .isEqualTo("my_system");
  }

  @Test
  void findsTrackiosFilesWhereTrackioDoes() {
    assertThat(TrackioDatabase.fileName("my.model v2-a_b")).isEqualTo("mymodelv2-a_b");
    assertThat(TrackioDatabase.fileName("...")).isEqualTo("default");
    assertThat(TrackioDatabase.folderName(Map.of("TRACKIO_DIR", "/t", "HF_HOME", "/h")))
        .isEqualTo("/t");
    assertThat(TrackioDatabase.folderName(Map.of("TRACKIO_DIR", "", "HF_HOME", "/h")))
        .isEqualTo("/h/trackio");
    assertThat(TrackioDatabase.folderName(Map.of("XDG_CACHE_HOME", "/c")))
        .isEqualTo("/c/huggingface/trackio");
    String home = System.getProperty("user.home");
    assertThat(TrackioDatabase.folderName(Map.of()))
        .isEqualTo(home + "/.cache/huggingface/trackio");
    assertThat(TrackioDatabase.folderName(Map.of("HF_HOME", "~/h"))).isEqualTo(home + "/h/trackio");
    assertThat(TrackioDatabase.folderName(Map.of("XDG_CACHE_HOME", "~")))
        .isEqualTo(home + "/huggingface/trackio");
    assertThat(TrackioDatabase.folderName(Map.of("HF_HOME", "/h/~"))).isEqualTo("/h/~/trackio");
    assertThat(TrackioDatabase.folderName(Map.of("HOME", "/u")))
        .isEqualTo("/u/.cache/huggingface/trackio");
    assertThat(TrackioDatabase.folderName(Map.of("HOME", "/u", "HF_HOME", "~/h")))
        .isEqualTo("/u/h/trackio");
  }
}
