package org.sparklora.train.resume;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that only look like safetensors: their bytes alone count. */
class ModelFingerprintTest {
  @TempDir private Path folder;

  @BeforeEach
  void writeSettings() throws IOException {
    write("config.json", "{}");
    write("adapter_config.json", "{}");
  }

  private void write(String name, String content) throws IOException {
    Files.writeString(folder.resolve(name), content);
  }

  /** A checkpoint to go on from has moments beside its weights, a repository other layouts. */
  @Test
  void filesThatNoWeightsAreReadFromDoNotCount() throws IOException {
    write("model.safetensors", "weights");
    write("adapter_model.safetensors", "factors");
    String model = ModelFingerprint.of(folder);
    String adapter = ModelFingerprint.ofAdapter(folder);

    write("optimizer.safetensors", "moments");
    write("consolidated.safetensors", "weights under other names");

    assertThat(ModelFingerprint.of(folder)).isEqualTo(model);
    assertThat(ModelFingerprint.ofAdapter(folder)).isEqualTo(adapter);
    write("adapter_model.safetensors", "others");
    assertThat(ModelFingerprint.ofAdapter(folder)).isNotEqualTo(adapter);
  }

  @Test
  void shardsAreThoseOfTheIndex() throws IOException {
    write("model.safetensors.index.json", "{\"weight_map\": {\"a\": \"1.safetensors\"}}");
    write("1.safetensors", "weights");
    String model = ModelFingerprint.of(folder);

    write("2.safetensors", "more");
    assertThat(ModelFingerprint.of(folder)).isEqualTo(model);

    write("1.safetensors", "others!");
    assertThat(ModelFingerprint.of(folder)).isNotEqualTo(model);
  }
}
