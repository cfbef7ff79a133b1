package org.sparklora.model.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.TinyCheckpoint;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.text.json.CheckpointException;

class CheckpointHeadersTest {
  @TempDir private Path folder;

  private Path weights() {
    return folder.resolve("model.safetensors");
  }

  private void writeWhole(DType dtype) throws IOException {
    TinyCheckpoint.write(folder, TinyCheckpoint.config("llama"), dtype).close();
  }

  /** Keeps the first bytes of the weights, and so much room behind them. */
  private void leave(int bytes, int room) throws IOException {
    byte[] whole = Files.readAllBytes(weights());
    Files.write(weights(), Arrays.copyOf(Arrays.copyOf(whole, bytes), bytes + room));
  }

  private int headerBytes() throws IOException {
    byte[] whole = Files.readAllBytes(weights());
    return 8 + (int) ByteBuffer.wrap(whole).order(ByteOrder.LITTLE_ENDIAN).getLong();
  }

  @Test
  void readsAFileOfNothingButAHeaderAndRoom() throws IOException {
    writeWhole(DType.BFLOAT16);
    leave(headerBytes(), (int) Files.size(weights()) - headerBytes());

    CheckpointHeaders headers = CheckpointHeaders.read(folder);

    assertThat(headers.config().hiddenSize()).isEqualTo(8);
    assertThat(headers.matrixType()).isEqualTo(DType.BFLOAT16);
  }

  @Test
  void refusesAFileThatIsCutAnywhere() throws IOException {
    for (int of : new int[] {2, 3, 100}) {
      writeWhole(DType.FLOAT32);
      int tensors = (int) Files.size(weights()) - headerBytes();
      leave(headerBytes() + tensors / of, 0);
      assertCut();
    }
    for (int behindTheHeader : new int[] {0, 1}) {
      writeWhole(DType.FLOAT32);
      leave(headerBytes() + behindTheHeader, 0);
      assertCut();
    }
    writeWhole(DType.FLOAT32);
    leave((int) Files.size(weights()), 1);
    assertCut();
  }

  private void assertCut() {
    assertThatThrownBy(() -> CheckpointHeaders.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.safetensors")
        .hasMessageContaining("damaged or cut, copy it again");
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

  /** Two shards that hold the same, of which the index takes half each, but for one tensor. */
  private void shard(String without) throws IOException {
    writeWhole(DType.FLOAT32);
    Map<String, String> shards = new LinkedHashMap<>();
    try (SafeTensors file = SafeTensors.open(weights())) {
      for (String tensor : file.tensors().keySet()) {
        shards.put(tensor, shards.size() % 2 == 0 ? "a.safetensors" : "b.safetensors");
      }
    }
    shards.remove(without);
    Files.copy(weights(), folder.resolve("a.safetensors"));
    Files.move(weights(), folder.resolve("b.safetensors"));
    Files.writeString(
        folder.resolve("model.safetensors.index.json"),
        new ObjectMapper().writeValueAsString(Map.of("weight_map", shards)));
  }

  @Test
  void readsShards() throws IOException {
    shard("");
    Files.writeString(
        folder.resolve("config.json"),
        TinyCheckpoint.config("llama")
            .put("dtype", "bfloat16") // the shards say float32
            .put("transformers_weights", "model.safetensors.index.json")
            .toString());
    assertThat(CheckpointHeaders.read(folder).matrixType()).isEqualTo(DType.FLOAT32);

    Files.copy(folder.resolve("a.safetensors"), weights()); // read before an index
    assertThatThrownBy(() -> CheckpointHeaders.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("transformers_weights = model.safetensors.index.json");
  }

  @Test
  void refusesAnIndexThatLacksATensorWhateverLiesInTheShards() throws IOException {
    shard(WeightNames.FINAL_NORM);
    assertThatThrownBy(() -> CheckpointHeaders.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("missing are " + WeightNames.FINAL_NORM);
  }

  @Test
  void refusesAnIndexThatNamesAShardWithoutTheTensor() throws IOException {
    shard("");
    Path index = folder.resolve("model.safetensors.index.json");
    Files.writeString(
        index,
        Files.readString(index)
            .replace("{\"weight_map\":{", "{\"weight_map\":{\"model.extra\":\"a.safetensors\","));
    assertThatThrownBy(() -> CheckpointHeaders.read(folder))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("model.extra is not in a.safetensors");
  }

  @Test
  void readsAFolderOfNothingButAConfig() throws IOException {
    Files.writeString(folder.resolve("config.json"), TinyCheckpoint.config("llama").toString());

    CheckpointHeaders headers = CheckpointHeaders.read(folder);

    assertThat(headers.config().hiddenSize()).isEqualTo(8);
    assertThat(headers.matrixType()).isEqualTo(DType.FLOAT32);
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
