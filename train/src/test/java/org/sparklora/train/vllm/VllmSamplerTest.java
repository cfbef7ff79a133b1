package org.sparklora.train.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Phaser;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.SplitMix64;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Completion.StopReason;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.train.vllm.VllmStandIn.Fault;

/** Draws from stand-ins for vLLM, which fail in every way that a server may. */
@Timeout(120)
class VllmSamplerTest {
  private static final int END = 7;
  private static final int VOCABULARY = 100;
  private static final Duration PATIENCE = Duration.ofSeconds(3);
  private static final SamplingConfig SAMPLING =
      new SamplingConfig(3, 5, SamplingRule.at(0.5f), Set.of(END), 11);

  private final List<VllmStandIn> servers = new ArrayList<>();

  @AfterEach
  void close() {
    servers.forEach(VllmStandIn::close);
  }

  /** Completions that depend on all that a request says, and differ by index. */
  private static List<Completion> drawn(Path adapter, Prompt prompt, SamplingConfig sampling) {
    return IntStream.range(0, sampling.numGenerations())
        .mapToObj(
            index -> {
              long mixed = SplitMix64.mix(sampling.seed() + index + 31L * prompt.tokens()[0]);
              int length = 1 + (int) (mixed >>> 1) % sampling.maxCompletionLength();
              length = Math.max(1, Math.abs(length));
              int[] tokens = IntStream.range(0, length).map(t -> 10 + t).toArray();
              boolean ends = length < sampling.maxCompletionLength();
              tokens[length - 1] = ends ? END : tokens[length - 1];
              float[] logProbs = new float[length];
              logProbs[0] = -(mixed >>> 40) * 0x1p-24f;
              return new Completion(
                  0, index, tokens, logProbs, ends ? StopReason.EOS : StopReason.LENGTH);
            })
        .toList();
  }

  private VllmStandIn start(IntFunction<Fault> faults) throws IOException {
    VllmStandIn server = new VllmStandIn(VllmSamplerTest::drawn, text -> new int[0]);
    server.faults = faults;
    servers.add(server);
    return server;
  }

  private VllmSampler sampler(String model) {
    return sampler(model, PATIENCE);
  }

  private VllmSampler sampler(String model, Duration patience) {
    return new VllmSampler(
        servers.stream().map(one -> new VllmServer(one.url(), "", patience)).toList(),
        model,
        "",
        VOCABULARY);
  }

  private static List<Prompt> prompts(int count) {
    return IntStream.range(0, count)
        .mapToObj(id -> new Prompt(id, new int[] {1 + id % 50, 2}))
        .toList();
  }

  /** Every prompt's completions once, in order, and as a server without faults draws them. */
  private void requireWhole(List<Completion> all, int prompts) throws IOException {
    try (VllmStandIn faultless = new VllmStandIn(VllmSamplerTest::drawn, text -> new int[0])) {
      VllmServer one = new VllmServer(faultless.url(), "", PATIENCE);
      VllmSampler sampler = new VllmSampler(List.of(one), "base", "", VOCABULARY);
      List<Completion> expected = sampler.complete(prompts(prompts), SAMPLING);
      assertThat(faultless.requests()).isEqualTo(prompts);
      assertThat(all)
          .usingRecursiveFieldByFieldElementComparator()
          .containsExactlyElementsOf(expected);
    }
    assertThat(all).hasSize(3 * prompts);
  }

  @Test
  void aPromptsGroupIsOneRequestThatSaysEverySetting() throws IOException {
    VllmStandIn server = start(number -> Fault.NONE);

    List<Completion> all = sampler("base").complete(prompts(20), SAMPLING);

    requireWhole(all, 20);
    assertThat(server.asked).hasSize(20);
    JsonNode body =
        server.asked.stream().filter(one -> one.path("prompt").get(0).asInt() == 1).toList().get(0);
    assertThat(body.toString())
        .isEqualTo(
            "{\"model\":\"base\",\"prompt\":[1,2],\"n\":3,\"max_tokens\":5,\"temperature\":0.5,"
                + "\"top_k\":0,\"top_p\":1.0,\"min_p\":0.0,\"repetition_penalty\":1.0,\"seed\":"
                + body.path("seed").asLong()
                + ",\"ignore_eos\":true,\"stop_token_ids\":[7],\"logprobs\":0,\"return_token_ids\":true}");
    assertThat(server.asked.stream().map(one -> one.path("seed").asLong()).distinct()).hasSize(20);
  }

  /** vLLM refuses several greedy completions of a prompt. */
  @Test
  void greedyCompletionsAreAskedForOnce() throws IOException {
    VllmStandIn server = start(number -> Fault.NONE);
    SamplingConfig greedy = new SamplingConfig(2, 5, SamplingRule.at(0), Set.of(END), 11);

    List<Completion> all = sampler("base").complete(prompts(1), greedy);

    assertThat(server.asked.get(0).path("n").asInt()).isEqualTo(1);
    assertThat(all).extracting(Completion::index).containsExactly(0, 1);
    assertThat(all.get(0).tokens()).isEqualTo(all.get(1).tokens());
  }

  /** Each fault at some of the requests: they are sent again, with the same seed. */
  @Test
  void everyFaultIsMended() throws IOException {
    Fault[] some = {Fault.ERROR, Fault.BROKEN, Fault.GARBAGE, Fault.OTHERS};
    start(number -> number % 9 == 4 ? some[number / 9 % 4] : Fault.NONE);

    requireWhole(sampler("base").complete(prompts(100), SAMPLING), 100);
  }

  @Test
  void tenThousandRequestsOfWhichFivePercentFail() throws IOException {
    for (int s = 0; s < 2; s++) {
      Fault[] some = {Fault.ERROR, Fault.BROKEN, Fault.GARBAGE, Fault.OTHERS};
      start(
          number -> {
            long mixed = SplitMix64.mix(number);
            return SplitMix64.unit(mixed) < 0.05 ? some[(int) (mixed & 3)] : Fault.NONE;
          });
    }

    requireWhole(sampler("base").complete(prompts(10_000), SAMPLING), 10_000);

    int sent = servers.stream().mapToInt(VllmStandIn::requests).sum();
    assertThat(sent).isBetween(10_400, 10_700);
  }

  /** Such an event is a proxy's restart, which drops all connections. */
  @Test
  void anEventThatFailsAllRequestsInFlightIsOneFailureOfTheServer() throws IOException {
    int inFlight = 32;
    Phaser event = new Phaser(inFlight);
    start(
        number -> {
          if (number >= inFlight) {
            return Fault.NONE;
          }
          event.arriveAndAwaitAdvance();
          return Fault.ERROR;
        });

    requireWhole(sampler("base").complete(prompts(inFlight), SAMPLING), inFlight);
  }

  /** Only the third server completes the prompt, which fails there for the sixth time at most. */
  @Test
  void failuresOfAPromptAtOtherServersAreTheServers() throws IOException {
    start(number -> Fault.ERROR);
    start(number -> Fault.ERROR);
    start(number -> number < 5 ? Fault.ERROR : Fault.NONE);

    requireWhole(sampler("base").complete(prompts(1), SAMPLING), 1);
  }

  @Test
  void aBusyServerIsAskedUntilItHasTime() throws IOException {
    VllmStandIn server = start(number -> number < 9 ? Fault.BUSY : Fault.NONE);

    requireWhole(sampler("base", Duration.ofMinutes(1)).complete(prompts(1), SAMPLING), 1);

    assertThat(server.requests()).isEqualTo(10);
  }

  @Test
  void aBusyServerGetsThePauseThatItAsksFor() throws IOException {
    VllmStandIn server = start(number -> number == 0 ? Fault.BUSY : Fault.NONE);
    server.retryAfter = "1";
    long began = System.nanoTime();

    requireWhole(sampler("base").complete(prompts(1), SAMPLING), 1);

    assertThat(System.nanoTime() - began).isGreaterThan(Duration.ofSeconds(1).toNanos());
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "86400", "Fri, 31 Dec 9999 23:59:59 GMT"})
  void aServerThatStaysBusyIsGivenUp(String retryAfter) throws IOException {
    start(number -> Fault.BUSY).retryAfter = retryAfter;

    VllmSampler hasty = sampler("base", Duration.ofSeconds(1));
    assertThatThrownBy(() -> hasty.complete(prompts(3), SAMPLING))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no server is left to complete 3 of 3 prompts")
        .hasMessageContaining("answers /v1/completions with status 503 (Too many requests");
  }

  @Test
  void aKeyThatNoHeaderCanCarryIsNotShown() {
    assertThat(new VllmServer("http://gpu-1", "secret\n", PATIENCE).key()).isEqualTo("secret");
    assertThatThrownBy(() -> new VllmServer("http://gpu-1", "secret\u200b1234", PATIENCE))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("VLLM_API_KEY = (hidden)")
        .hasMessageNotContainingAny("secret", "1234");
  }

  @Test
  void anInterruptDuringAProbeIsNoFailureOfTheServer() throws IOException {
    VllmStandIn server = start(number -> Fault.SILENCE);
    Thread caller = Thread.currentThread();
    server.onProbe =
        () -> {
          server.onProbe = () -> {};
          caller.interrupt();
        };

    VllmSampler patient = sampler("base", Duration.ofMinutes(1));

    Throwable thrown = catchThrowable(() -> patient.complete(prompts(1), SAMPLING));

    assertThat(Thread.interrupted()).as("the flag stays, and is cleared here").isTrue();
    assertThat(thrown).isInstanceOf(CancellationException.class);
  }

  @Test
  void aServerThatDiesInTheMiddleCostsItsRequestsOnly() throws IOException {
    VllmStandIn dying = start(number -> Fault.NONE);
    dying.faults =
        number -> {
          if (number == 40) {
            new Thread(dying::close).start();
          }
          return number >= 40 ? Fault.BROKEN : Fault.NONE;
        };
    VllmStandIn other = start(number -> Fault.NONE);

    requireWhole(sampler("base").complete(prompts(300), SAMPLING), 300);

    assertThat(other.requests()).isLessThanOrEqualTo(300);
    assertThat(other.requests()).isGreaterThanOrEqualTo(200);
  }

  @Test
  void aServerThatFallsSilentCostsItsRequestsOnly() throws IOException {
    start(number -> number == 10 ? Fault.SILENCE : Fault.NONE);
    start(number -> Fault.NONE);

    requireWhole(sampler("base").complete(prompts(200), SAMPLING), 200);
  }

  @Test
  void withoutAnyServerTheErrorNamesEachAndItsFailure() throws IOException {
    start(number -> number < 5 ? Fault.NONE : Fault.ERROR);
    start(number -> Fault.NONE).close();

    assertThatThrownBy(() -> sampler("base").complete(prompts(50), SAMPLING))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_server_base_url = " + servers.get(0).url())
        .hasMessageContaining("no server is left to complete")
        .hasMessageContaining(servers.get(0).url() + " answers /v1/completions with status 500")
        .hasMessageContaining(servers.get(1).url() + " ")
        .hasMessageContaining("if they are slow, and run the command again, grpo with --resume");
  }

  @Test
  void aRequestThatTheServerRefusesIsNotSentAgain() throws IOException {
    VllmStandIn server = start(number -> Fault.NONE);
    server.base = "another";

    assertThatThrownBy(() -> sampler("base").complete(prompts(1), SAMPLING))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("no longer offers base");
    assertThat(server.requests()).isEqualTo(1);
  }

  /** Most often for want of memory: nothing else would end the call. */
  @Test
  @Timeout(20)
  void anErrorInARequestsThreadEndsTheCall() throws IOException {
    start(number -> Fault.NONE);
    List<Prompt> few = prompts(2);
    List<Prompt> failing =
        new AbstractList<>() {
          @Override
          public Prompt get(int index) {
            return few.get(index);
          }

          @Override
          public int size() {
            if (Thread.currentThread().getName().equals("spark-lora-vllm")) {
              throw new OutOfMemoryError("Java heap space");
            }
            return few.size();
          }
        };

    assertThatThrownBy(() -> sampler("base").complete(failing, SAMPLING))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining(servers.get(0).url())
        .hasMessageContaining("Java heap space")
        .hasMessageContaining("more memory");
  }

  /** Executors receive it. */
  @Test
  void aSamplerIsTheSameOnAnExecutor() throws IOException, ClassNotFoundException {
    start(number -> Fault.NONE);
    VllmSampler sent = sampler("base");
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(sent);
    }
    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      VllmSampler received = (VllmSampler) in.readObject();
      assertThat(received).isEqualTo(sent);
      requireWhole(received.complete(prompts(3), SAMPLING), 3);
    }
  }

  @Test
  void aServerThatCutsCompletionsOffIsRefusedWithTheRemedy() throws IOException {
    VllmStandIn server = start(number -> Fault.NONE);
    server.maxNewTokens = 2;

    assertThatThrownBy(() -> sampler("base").complete(prompts(20), SAMPLING))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_server_base_url = " + server.url())
        .hasMessageContaining("after 2 tokens, before --max_completion_length 5; start it with")
        .hasMessageContaining("without max_new_tokens in --override-generation-config");
  }

  @Test
  void tokensThatTheModelDoesNotHaveAreRefused() throws IOException {
    start(number -> Fault.NONE);
    VllmSampler small =
        new VllmSampler(List.of(new VllmServer(servers.get(0).url(), "", PATIENCE)), "base", "", 7);

    assertThatThrownBy(() -> small.complete(prompts(5), SAMPLING))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("it serves another model");
  }
}
