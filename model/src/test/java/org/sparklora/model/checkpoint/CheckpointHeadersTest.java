package org.sparklora.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.engine.DType;
import org.sparklora.text.json.CheckpointException;

class CheckpointHeadersTest {
  @TempDir private Path folder;

  private Path weights() {
    return folder.resolve("model.safetensors");
  }

  private void writeWhole(DType dtype) throws IOException {
    TinyCheckpoint.write(folder, TinyCheckpoint.config("llama"), dtype).close();
  }

  /** The file's length field and header, without a byte of a tensor. */
  private void cutTensorsOff() throws IOException {
    byte[] whole = Files.readAllBytes(weights());
    long header = ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
    Files.write(weights(), Arrays.copyOf(whole, 8 + (int) header));
  }

  @Test
  void readsAFileOfNothingButAHeader() throws IOException {
    writeWhole(DType.BFLOAT16);
    cutTensorsOff();

    CheckpointHeaders headers = CheckpointHeaders.read(folder);

    assertThat(headers.config().hiddenSize()).isEqualTo(8);
    assertThat(headers.tensors().get(WeightNames.EMBEDDING).shape()).containsExactly(11, 8);
    assertThatThrownBy(() -> CheckpointFolder.open(folder)).isInstanceOf(CheckpointException.class);
  }

  @Test
  void matricesAreOfTheTypeThatTheHeadersSay() throws IOException {
    writeWhole(DType.BFLOAT16); // with a config that says float32
    assertThat(CheckpointHeaders.read(folder).matrixType()).isEqualTo(DType.BFLOAT16);

    writeWhole(DType.FLOAT32);
    assertThat(CheckpointHeaders.read(folder).matrixType()).isEqualTo(DType.FLOAT32);
  }

  @Test
  void matricesAreOfTheTypeOfTheConfigWhereThereIsNoHeader() throws IOException {
    Path config = folder.resolve("config.json");
    Files.writeString(config, TinyCheckpoint.config("llama").put("dtype", "bfloat16").toString());
    assertThat(CheckpointHeaders.read(folder).matrixType()).isEqualTo(DType.BFLOAT16);

    Files.writeString(config, TinyCheckpoint.config("llama").put("dtype", "float16").toString());
    assertThat(CheckpointHeaders.read(folder).matrixType()).isEqualTo(DType.FLOAT32);
  }

  @Test
  void readsShards() throws IOException {
    writeWhole(DType.FLOAT32);
    Files.move(weights(), folder.resolve("model-00001-of-00001.safetensors"));
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"model.norm.weight\": \"model-00001-of-00001.safetensors\"}}");

    assertThat(CheckpointHeaders.read(folder).tensors()).containsKey(WeightNames.FINAL_NORM);
  }

  @Test
  void aFolderOfNothingButAConfigHasNoTensors() throws IOException {
    Files.writeString(folder.resolve("config.json"), TinyCheckpoint.config("llama").toString());

    CheckpointHeaders headers = CheckpointHeaders.read(folder);

    assertThat(headers.config().hiddenSize()).isEqualTo(8);
    assertThat(headers.tensors()).isEmpty();
  }

  @Test
  void refusesHeadersOfAnotherModel() throws IOException {
    writeWhole(DType.FLOAT32);
    Files.writeString(
        folder.resolve("config.json"),
        TinyCheckpoint.config("llama").put("intermediate_size", 16).toString());

    assertThatThrownBy(() -> CheckpointHeaders.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("gate_proj")
        .hasMessageContaining("[16, 8]")
        .hasMessageContaining("[12, 8]");
  }

  @Test
  void refusesAMissingShardByName() throws IOException {
    writeWhole(DType.FLOAT32);
    Files.delete(weights());
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        "{\"weight_map\": {\"model.norm.weight\": \"gone.safetensors\"}}");

    assertThatThrownBy(() -> CheckpointHeaders.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("gone.safetensors");
  }
}
