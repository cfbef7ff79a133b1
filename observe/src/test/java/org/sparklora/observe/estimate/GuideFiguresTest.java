package org.sparklora.observe.estimate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.train.GuideModels;
import org.sparklora.train.TestModels;

/** The figures that the blog, tinker-cookbook and arithmetic give for the guide's models. */
class GuideFiguresTest {
  private static final List<String> FEED_FORWARD = List.of("gate_proj", "up_proj", "down_proj");
  private static final List<String> ATTENTION = List.of("q_proj", "k_proj", "v_proj", "o_proj");

  @TempDir private Path folder;

  private DecoderConfig read(GuideModels model) throws IOException {
    return CheckpointHeaders.read(model.write(folder)).config();
  }

  private static AdapterLayout adapter(int rank, List<String> targets, DecoderConfig model) {
    return AdapterLayout.of(new LoraConfig(rank, 32, 0, false, LoraTargets.names(targets)), model);
  }

  @ParameterizedTest
  @CsvSource({ // tinker-cookbook, get_lora_param_count for rank 1
    "LLAMA_3_2_1B, 491520, 212992, 130304",
    "LLAMA_3_2_3B, 946176, 573440, 131328",
    "LLAMA_3_1_8B, 1769472, 851968, 132352",
    "LLAMA_3_1_70B, 8847360, 4096000, 136448",
    "QWEN3_4B, 1327104, 737280, 154496",
    "QWEN3_8B, 1769472, 958464, 156032",
    "QWEN3_32B, 5898240, 2490368, 157056"
  })
  void parametersPerRank(GuideModels shapes, long feedForward, long attention, long head)
      throws IOException {
    DecoderConfig model = read(shapes);

    assertThat(adapter(1, FEED_FORWARD, model).size()).isEqualTo(feedForward);
    assertThat(adapter(1, ATTENTION, model).size()).isEqualTo(attention);
    assertThat(adapter(1, List.of("lm_head"), model).size()).isEqualTo(head);
  }

  @ParameterizedTest
  @CsvSource({ // all-linear, counted by hand
    "SMOLLM2_135M, 305280",
    "QWEN3_0_6B, 630784",
    "QWEN2_5_3B, 1870848",
    "SMOLLM3_3B, 1889280",
    "LLAMA_3_1_8B, 2621440"
  })
  void parametersPerRankOfAllLinear(GuideModels shapes, long parameters) throws IOException {
    assertThat(adapter(1, List.of("all-linear"), read(shapes)).size()).isEqualTo(parameters);
  }

  @ParameterizedTest
  @CsvSource({ // the blog's table of Llama-3.1-8B, in billions; its layers include lm_head
    "256, mlp, 0.49",
    "256, attention, 0.25",
    "256, all, 0.70",
    "128, mlp, 0.24"
  })
  void blogsTableHasAdaptersOnTheHead(int rank, String layers, double billions) throws IOException {
    List<String> targets =
        switch (layers) {
          case "mlp" -> List.of("gate_proj", "up_proj", "down_proj", "lm_head");
          case "attention" -> List.of("q_proj", "k_proj", "v_proj", "o_proj", "lm_head");
          default -> List.of("all-linear", "lm_head");
        };
    double rounding = 0.0055; // two digits, cut or rounded

    assertThat(adapter(rank, targets, read(GuideModels.LLAMA_3_1_8B)).size() / 1e9)
        .isCloseTo(billions, within(rounding));
  }

  @ParameterizedTest
  @CsvSource({
    "QWEN2_5_3B, 256, 0.84",
    "LLAMA_3_1_8B, 256, 0.76",
    "LLAMA_3_2_1B, 256, 0.85",
    "QWEN3_0_6B, 256, 1.03",
    "SMOLLM2_135M, 256, 1.40",
    "SMOLLM2_135M, 64, 0.85",
    "SMOLLM2_135M, 16, 0.71",
    "SMOLLM2_135M, 1, 0.67"
  })
  void computeAgainstFullFineTuning(GuideModels shapes, int rank, double share) throws IOException {
    DecoderConfig model = read(shapes);

    assertThat(
            TrainingCompute.relativeToFullFineTuning(
                adapter(rank, List.of("all-linear"), model), model))
        .isCloseTo(share, within(0.005));
  }

  @ParameterizedTest
  @CsvSource({ // tinker-cookbook, get_lr
    "LLAMA_3_2_1B, 4.908e-4",
    "LLAMA_3_2_3B, 3.576e-4",
    "LLAMA_3_1_8B, 2.856e-4",
    "LLAMA_3_1_70B, 1.662e-4",
    "QWEN3_0_6B, 5.266e-4",
    "QWEN2_5_3B, 4.991e-4",
    "QWEN3_4B, 4.905e-4",
    "QWEN3_8B, 4.730e-4",
    "QWEN3_32B, 4.649e-4",
    "SMOLLM2_135M, 1.322e-3"
  })
  void learningRates(GuideModels shapes, double rate) throws IOException {
    DecoderConfig model = read(shapes);
    double lastDigit = 0.5e-3 * rate;

    assertThat(LearningRate.of(model, true, false).advised()).isCloseTo(rate, within(lastDigit));
    assertThat(LearningRate.of(model, true, true).advised())
        .isCloseTo(1.5 * rate, within(1.5 * lastDigit));
    assertThat(LearningRate.of(model, false, false).advised())
        .isCloseTo(rate / 10, within(lastDigit / 10));
  }

  @ParameterizedTest
  @CsvSource({"LLAMA_3_2_1B, false", "QWEN3_0_6B, false", "SMOLLM2_135M, true", "SMOLLM3_3B, true"})
  void ratesOfOtherModelsAreExtrapolated(GuideModels shapes, boolean extrapolated)
      throws IOException {
    assertThat(LearningRate.of(read(shapes), true, false).extrapolated()).isEqualTo(extrapolated);
  }

  /** The cookbook knows a Qwen by its name, with experts or without. */
  @Test
  void aQwenWithExpertsHasQwensPower() throws IOException {
    DecoderConfig model =
        DecoderConfig.read(TestModels.copy("qwen3-moe-tiny", folder).resolve("config.json"));
    LearningRate rate = LearningRate.of(model, true, false);

    assertThat(rate.advised()).isCloseTo(5e-4 * Math.pow(2000 / 32.0, 0.0775), within(1e-12));
    assertThat(rate.extrapolated()).isTrue();
  }
}
