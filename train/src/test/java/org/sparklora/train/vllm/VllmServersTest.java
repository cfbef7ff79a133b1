package org.sparklora.train.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Phaser;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.model.lora.LoraTargets;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.train.TestModels;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.Sampler;
import org.sparklora.train.vector.FlatVector;

/** Gives stand-ins for vLLM the adapters of a tiny model, on all or on none. */
class VllmServersTest {
  private static final SamplingConfig SAMPLING =
      new SamplingConfig(2, 6, SamplingRule.at(1), Set.of(), 5);
  private static final List<Prompt> PROMPTS =
      List.of(
          new Prompt(0, "?", new int[] {5, 6, 7}, Optional.empty(), Map.of()),
          new Prompt(1, "?", new int[] {9, 8}, Optional.empty(), Map.of()));

  private static Path base;
  private static TrainedModel model;

  @TempDir private Path folder;
  private final List<VllmStandIn> running = new ArrayList<>();

  @BeforeAll
  static void prepare(@TempDir Path place) throws IOException {
    base = TestModels.copy("llama-tiny", place);
    model = TestModels.adapter(base, 16, 0);
  }

  @AfterEach
  void stop() {
    running.forEach(VllmStandIn::close);
    running.clear();
  }

  private VllmStandIn start() throws IOException {
    VllmStandIn server = DecoderDrawing.serve(base);
    server.base = "llama-tiny";
    running.add(server);
    return server;
  }

  private VllmServers open(Duration timeout) {
    List<String> urls = running.stream().map(VllmStandIn::url).toList();
    return VllmServers.open(
        new VllmConfig(urls, timeout, adapters().toString(), true), model, PROMPTS, SAMPLING);
  }

  private Path adapters() {
    return folder.resolve("ranked-adapters");
  }

  private VllmServers open() {
    return open(Duration.ofSeconds(60));
  }

  private FlatVector filled(float value) {
    FlatVector vector = new FlatVector(model.layout().size());
    org.bytedeco.javacpp.FloatPointer floats =
        new org.bytedeco.javacpp.FloatPointer(vector.pointer());
    for (long i = 0; i < vector.size(); i++) {
      floats.put(i, value * (1 + i % 3));
    }
    return vector;
  }

  private static List<Completion> draw(Sampler sampler) {
    return sampler.complete(
        PROMPTS.stream()
            .map(one -> new org.sparklora.model.generate.Prompt(one.id(), one.tokens()))
            .toList(),
        SAMPLING);
  }

  private static List<String> tokens(List<Completion> completions) {
    return completions.stream().map(one -> Arrays.toString(one.tokens())).toList();
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void eachVersionReplacesTheOneBeforeOnAllServersAndOnTheDisk() throws IOException {
    start();
    start();
    try (VllmServers servers = open();
        FlatVector one = filled(0);
        FlatVector two = filled(0.05f)) {
      List<String> first = tokens(draw(servers.sampler(one, "v0")));
      assertThat(names(adapters())).singleElement().asString().matches("policy-[0-9a-f]{8}-v0");
      List<String> second = tokens(draw(servers.sampler(two, "v1")));
      assertThat(second).isNotEqualTo(first);
      assertThat(tokens(draw(servers.sampler(two, "v1")))).isEqualTo(second);
      String loaded = names(adapters()).get(0);
      assertThat(loaded).endsWith("-v1");
      for (VllmStandIn server : running) {
        assertThat(server.adapters()).containsExactly(loaded);
        assertThat(server.history)
            .extracting(line -> line.replaceFirst("policy-[0-9a-f]{8}-", ""))
            .containsExactly("load check", "load v0", "unload check", "load v1", "unload v0");
      }
    }
    assertThat(adapters()).doesNotExist();
    assertThat(running).allMatch(server -> server.adapters().isEmpty());
  }

  /** As after a process that was killed: its output folder's adapters are nobody else's. */
  @Test
  void whatAnEarlierProcessLeftIsTakenAway() throws IOException {
    VllmStandIn server = start();
    VllmServers killed = open();
    try (FlatVector one = filled(0)) {
      killed.sampler(one, "v0");
    }
    String left = names(adapters()).get(0);

    try (VllmServers servers = open()) {
      assertThat(servers).isNotNull();
      assertThat(server.history).contains("unload " + left);
      assertThat(names(adapters())).singleElement().asString().endsWith("-check");
      assertThat(server.adapters()).hasSize(1);
    }
  }

  /**
   * A server was started again. With VLLM_SKIP_MODEL_NAME_VALIDATION its base answers, which would
   * train the policy on the base unnoticed.
   */
  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aServerThatLostTheAdapterGetsItBack(boolean baseAnswers) throws IOException {
    VllmStandIn server = start();
    server.answersForOthers = baseAnswers;
    try (VllmServers servers = open();
        FlatVector one = filled(0.05f)) {
      Sampler sampler = servers.sampler(one, "v3");
      List<String> before = tokens(draw(sampler));

      server.forgetAdapters();

      assertThat(tokens(draw(sampler))).isEqualTo(before);
      assertThat(server.adapters()).hasSize(1);
    }
  }

  @Test
  void theOnlyServerIsAskedAgainToLoadAnAdapter() throws IOException {
    VllmStandIn server = start();
    try (VllmServers servers = open();
        FlatVector one = filled(0)) {
      server.failingLoads.set(1);

      servers.sampler(one, "v0");

      assertThat(server.adapters()).singleElement().asString().endsWith("-v0");
    }
  }

  @Test
  void requestsThatFindTheAdapterLostAtOnceReloadItOnce() throws IOException {
    VllmStandIn server = start();
    try (VllmServers servers = open();
        FlatVector one = filled(0.05f)) {
      Sampler sampler = servers.sampler(one, "v3");
      int inFlight = 32;
      Phaser restart = new Phaser(inFlight);
      server.faults =
          number -> {
            if (restart.getPhase() == 0) {
              restart.arriveAndAwaitAdvance();
            }
            return VllmStandIn.Fault.NONE;
          };
      server.forgetAdapters();

      List<org.sparklora.model.generate.Prompt> prompts =
          IntStream.range(0, inFlight)
              .mapToObj(id -> new org.sparklora.model.generate.Prompt(id, new int[] {5, 6, 7}))
              .toList();
      assertThat(sampler.complete(prompts, SAMPLING)).hasSize(2 * inFlight);
      assertThat(server.history)
          .filteredOn(line -> line.startsWith("load ") && line.endsWith("-v3"))
          .hasSize(2);
    }
  }

  @Test
  void aServerThatIsDownIsLeftOutAndTakenBack() throws IOException {
    VllmStandIn dying = start();
    VllmStandIn living = start();
    try (VllmServers servers = open();
        FlatVector one = filled(0);
        FlatVector two = filled(0.05f)) {
      servers.sampler(one, "v0");
      dying.close();

      assertThat(draw(servers.sampler(two, "v1"))).hasSize(4);
      assertThat(living.adapters()).singleElement().asString().endsWith("-v1");
      living.close();
      assertThatThrownBy(() -> servers.sampler(one, "v2"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("none of the servers answers /health")
          .hasMessageContaining("run the command again, grpo with --resume_from_checkpoint true");
    }
  }

  /** Neither the servers nor the folder of adapters failed. */
  @Test
  void anInterruptIsSaidToBeOne() throws IOException {
    VllmConfig config =
        new VllmConfig(List.of(start().url()), Duration.ofSeconds(60), adapters().toString(), true);
    TrainedModel frozen = TrainedModel.frozen(model.checkpoint(), Precision.FLOAT32);
    for (TrainedModel either : List.of(model, frozen)) {
      try (VllmServers servers = VllmServers.open(config, either, PROMPTS, SAMPLING);
          FlatVector parameters = new FlatVector(either.layout().size())) {
        Thread.currentThread().interrupt();
        assertThatThrownBy(() -> servers.sampler(parameters, "v0"))
            .isInstanceOf(CancellationException.class);
        assertThat(Thread.interrupted()).isTrue();
      }
    }
  }

  @Test
  void onlyServersThatWereAskedAreSaidNotToLoadTheAdapter() throws IOException {
    VllmStandIn down = start();
    VllmStandIn failing = start();
    try (VllmServers servers = open();
        FlatVector one = filled(0)) {
      down.close();
      failing.failingLoads.set(Integer.MAX_VALUE);

      assertThatThrownBy(() -> servers.sampler(one, "v0"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining(
              "vllm_server_base_url = %s: no server loaded the adapter".formatted(failing.url()));
    }
  }

  @Test
  void oneServerThatRefusesLeavesTheAdapterOnNone() throws IOException {
    VllmStandIn good = start();
    VllmStandIn small = start();
    try (VllmServers servers = open();
        FlatVector one = filled(0)) {
      small.maxRank = 8;

      assertThatThrownBy(() -> servers.sampler(one, "v0"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("vllm_server_base_url = " + small.url())
          .hasMessageContaining("rank 16 is greater")
          .hasMessageContaining("--max-lora-rank");
      assertThat(good.adapters()).singleElement().asString().endsWith("-check");
    }
  }

  private void refuses(Consumer<VllmStandIn> lacking, String... words) throws IOException {
    VllmStandIn server = start();
    lacking.accept(server);
    assertThatThrownBy(this::open)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_server_base_url = " + server.url())
        .hasMessageContainingAll(words);
    assertThat(server.adapters()).isEmpty();
    if (Files.exists(adapters())) {
      assertThat(names(adapters())).isEmpty();
    }
    stop();
  }

  @Test
  void whatAServerLacksIsSaidBeforeTheRunBegins() throws IOException {
    refuses(
        server -> server.updatesAdapters = false,
        "VLLM_ALLOW_RUNTIME_LORA_UPDATING",
        "--enable-lora");
    refuses(server -> server.base = "llama-tiny\nERROR", "not one line of plain text");
    refuses(server -> server.maxRank = 8, "rank 16", "--max-lora-rank");
    refuses(server -> server.seesAdapters = false, "see the folder of --vllm_adapter_dir");
    refuses(server -> server.maxLength = 8, "holds 8 tokens", "--max-model-len 9");
    refuses(server -> server.tokens = text -> new int[] {1, 2}, "has another tokenizer");
    refuses(server -> server.faults = number -> VllmStandIn.Fault.GARBAGE, "not JSON", "0.10.2");
  }

  /** vLLM 0.32 compares the largest rank of an adapter's patterns with its own limit. */
  @Test
  void aServerMustHoldTheLargestRankOfAPattern() throws IOException {
    LoraConfig.Patterns patterns = new LoraConfig.Patterns(Map.of("q_proj", 32), Map.of());
    LoraTargets targets = LoraTargets.names(List.of("q_proj", "v_proj"));
    LoraConfig lora = new LoraConfig(16, 32, 0, false, targets, patterns);
    TrainedModel wide = TrainedModel.adapter(model.checkpoint(), lora, Precision.FLOAT32, false, 0);
    VllmStandIn server = start();
    server.maxRank = 16;
    VllmConfig config =
        new VllmConfig(List.of(server.url()), Duration.ofSeconds(60), adapters().toString(), true);
    assertThatThrownBy(() -> VllmServers.open(config, wide, PROMPTS, SAMPLING))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("rank 32 is greater")
        .hasMessageContaining("largest rank");
  }

  @Test
  void aServerThatIsNotUpInTimeIsNamed() throws IOException {
    start().close();

    assertThatThrownBy(() -> open(Duration.ofSeconds(2)))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(running.get(0).url())
        .hasMessageContaining(
            "no answer with status 200 to /health within 2 s (--vllm_server_timeout)");
  }

  @Test
  void aFolderThatCannotBeWrittenIsNamed() throws IOException {
    start();
    Files.writeString(adapters(), "a file");

    assertThatThrownBy(this::open)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_adapter_dir = " + adapters())
        .hasMessageContaining("cannot be written");
  }
}
