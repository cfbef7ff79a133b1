package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.Quantization;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.spark.sft.SftConfig;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;

class InitialParametersTest {
  @TempDir private Path folder;

  @Test
  void allWeightsAreTrainedInFloat32Only() throws IOException {
    assertThat(model("--dtype", "auto").lora()).isEmpty();
    assertThatThrownBy(() -> model("--dtype", "bfloat16"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dtype = bfloat16")
        .hasMessageContaining("leave dtype out, or train an adapter with --use_peft");
    Path config = folder.resolve("llama-tiny/config.json");
    Files.writeString(config, Files.readString(config).replace("float32", "bfloat16"));
    assertThatThrownBy(() -> model("--dtype", "auto")).hasMessageContaining("dtype = auto");
  }

  @Test
  void adaptersHaveTheBaseInTheTypeThatIsAskedForAndRecomputeByDefaultAsInTrl() throws IOException {
    TrainedModel exact = model("--use_peft");
    assertThat(model("--use_peft", "--dtype", "auto")).isEqualTo(exact); // llama-tiny is float32
    assertThat(model("--use_peft", "--dtype", "bfloat16")).isNotEqualTo(exact);
    assertThat(model("--use_peft", "--gradient_checkpointing", "true")).isEqualTo(exact);
    assertThat(model("--use_peft", "--gradient_checkpointing", "false")).isNotEqualTo(exact);
  }

  @Test
  void aBaseInFourBitsIsForAdaptersOnly() throws IOException {
    assertThat(model("--use_peft", "--load_in_4bit").precision().quantization())
        .isEqualTo(Quantization.NF4);
    TrainedModel nested = model("--use_peft", "--load_in_4bit", "--use_bnb_nested_quant");
    assertThat(nested.precision().quantization()).isEqualTo(Quantization.NESTED_NF4);
    assertThatThrownBy(() -> model("--load_in_4bit"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("load_in_4bit = true")
        .hasMessageContaining("train an adapter with --use_peft");
  }

  @Test
  void whatTheUserSetAndAnAdapterHasOtherwiseIsNamed() throws IOException {
    AdapterLayout asked =
        (AdapterLayout)
            model("--use_peft", "--lora_dropout", "0.1", "--lora_r", "4", "--lora_alpha", "8")
                .layout();
    AdapterLayout kept =
        (AdapterLayout)
            model("--use_peft", "--lora_dropout", "0", "--lora_r", "4", "--lora_alpha", "8")
                .layout();

    assertThat(InitialParameters.overruled(asked, Set.of("lora_dropout", "lora_r"), kept))
        .containsExactly("lora_dropout is 0.0 and not 0.1");
    assertThat(InitialParameters.overruled(asked, Set.of("lora_r"), kept)).isEmpty();
    AdapterLayout wide =
        (AdapterLayout) model("--use_peft", "--lora_target_modules", "all-linear").layout();
    assertThat(InitialParameters.overruled(wide, Set.of("lora_target_modules"), kept))
        .containsExactly("lora_target_modules are others");
  }

  @Test
  void alphasOfSomeLayersAreReadAndNamedWhereAnAdapterHasOthers() throws IOException {
    String alphas = "{\"q_proj\": 64, \"layers.1.*\": 0.5}";
    TrainedModel model =
        model("--use_peft", "--lora_r", "4", "--lora_alpha", "8", "--lora_alpha_pattern", alphas);
    AdapterLayout asked = (AdapterLayout) model.layout();
    assertThat(asked.factors("model.layers.1.self_attn.q_proj").orElseThrow().scale())
        .isEqualTo(16);
    assertThat(asked.factors("model.layers.0.self_attn.v_proj").orElseThrow().scale()).isEqualTo(2);
    assertThat(asked.factors("model.layers.1.self_attn.v_proj").orElseThrow().scale())
        .isEqualTo(0.125f);
    AdapterLayout kept = (AdapterLayout) model("--use_peft").layout();
    assertThat(InitialParameters.overruled(asked, Set.of("lora_alpha_pattern"), kept))
        .containsExactly("lora_alpha_pattern is {} and not {q_proj=64.0, layers.1.*=0.5}");
    for (String wrong : List.of("{\"q_proj\": \"x\"}", "{\"q_proj\": -1}")) {
      assertThatThrownBy(() -> model("--use_peft", "--lora_alpha_pattern", wrong))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("lora_alpha_pattern = q_proj: ");
    }
  }

  @Test
  void ranksOfSomeLayersAreReadAndNamedWhereAnAdapterHasOthers() throws IOException {
    TrainedModel model =
        model("--use_peft", "--lora_r", "4", "--lora_rank_pattern", "{\"q_proj\": 2}");
    AdapterLayout asked = (AdapterLayout) model.layout();
    assertThat(asked.factors("model.layers.1.self_attn.q_proj").orElseThrow().rank()).isEqualTo(2);
    assertThat(asked.factors("model.layers.1.self_attn.v_proj").orElseThrow().rank()).isEqualTo(4);
    AdapterLayout kept = (AdapterLayout) model("--use_peft").layout();
    assertThat(InitialParameters.overruled(asked, Set.of("lora_rank_pattern"), kept))
        .containsExactly("lora_rank_pattern is {} and not {q_proj=2}");
    for (String wrong : List.of("1.5", "0", "\"2\"", "null")) {
      String pattern = "{\"q_proj\": %s}".formatted(wrong);
      assertThatThrownBy(() -> model("--use_peft", "--lora_rank_pattern", pattern))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("lora_rank_pattern = q_proj: ")
          .hasMessageContaining("a whole one as a rank");
    }
  }

  /** A run deletes the checkpoints that it makes again. */
  @Test
  void noRunReplacesTheCheckpointThatItStartsFrom() throws IOException {
    Path adapter = Files.createDirectories(folder.resolve("run/checkpoint-2"));
    SftConfig onItsAdapter =
        config(
            "run",
            "--use_peft",
            "--overwrite_output_dir",
            "--adapter_name_or_path",
            adapter.toString());
    assertThatThrownBy(() -> TrainingRun.open(new Configuration(), onItsAdapter))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("it is or holds file:%s, which is read".formatted(adapter));
    assertThat(adapter).exists();
    SftConfig onAColon =
        config(
            "apart", "--use_peft", "--overwrite_output_dir", "--adapter_name_or_path", "adapter:2");
    try (RunFolder run = TrainingRun.open(new Configuration(), onAColon)) {
      assertThat(run.replaces()).isTrue();
    }
  }

  private TrainedModel model(String... flags) throws IOException {
    return InitialParameters.of(new Configuration(), config("unwritten", flags)).model();
  }

  private SftConfig config(String output, String... flags) throws IOException {
    if (!Files.exists(folder.resolve("llama-tiny"))) {
      TestModels.copy("llama-tiny", folder);
    }
    List<String> all = new ArrayList<>(List.of(flags));
    all.addAll(List.of("--model_name_or_path", folder.resolve("llama-tiny").toString()));
    all.addAll(List.of("--dataset_name", "unread.jsonl"));
    all.addAll(List.of("--output_dir", folder.resolve(output).toString()));
    return SftConfig.of(CommandLine.parse("sft", all).settings());
  }
}
