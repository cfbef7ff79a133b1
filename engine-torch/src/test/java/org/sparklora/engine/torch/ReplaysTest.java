package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.SamplingRule;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.generate.Completion;

/** When operators are recorded, replayed and recorded anew, on a device that tells what it did. */
class ReplaysTest {

  /** Records what was to be run, and runs that again: the same objects, as a graph has them. */
  private static final class Again implements Recorder {
    private final List<String> done = new ArrayList<>();
    private boolean isAble = true;
    private int open = 0;

    @Override
    public void warmUp(Runnable operators) {
      done.add("warm up");
      operators.run();
    }

    @Override
    public Optional<Recording> record(Runnable operators) {
      if (!isAble) {
        done.add("refuse");
        return Optional.empty();
      }
      done.add("record");
      operators.run();
      open++;
      return Optional.of(
          new Recording() {
            @Override
            public void replay() {
              done.add("replay");
              operators.run();
            }

            @Override
            public void close() {
              done.add("close");
              open--;
            }
          });
    }

    long count(String what) {
      return done.stream().filter(what::equals).count();
    }
  }

  private final Again recorder = new Again();
  private final TorchDevice device = TorchDevice.ofProcessorsApart(Optional.of(recorder));
  private final Replays replays = new Replays(device, new Scope(1));

  private static TorchTensor tensor(TorchDevice device) {
    return TorchTensor.allocate(device, DType.FLOAT32, 2);
  }

  @Test
  void operatorsAreRecordedTheSecondTimeAndReplayedFromThenOn() {
    try (TorchTensor x = tensor(device)) {
      for (int i = 0; i < 4; i++) {
        replays.run("a", x::flat);
      }
      replays.run("b", x::flat);
      assertThat(recorder.done)
          .containsExactly("warm up", "record", "replay", "replay", "replay", "warm up");
    }
  }

  @Test
  void allBeginsAnewWhenMemoryOfARecordingIsFreed() {
    try (TorchTensor x = tensor(device)) {
      replays.run("a", x::flat);
      replays.run("a", x::flat);
    }
    try (TorchTensor x = tensor(device)) {
      replays.run("a", x::flat);
      replays.run("a", x::flat);
      assertThat(recorder.done)
          .containsExactly("warm up", "record", "replay", "close", "warm up", "record", "replay");
    }
  }

  @Test
  void memoryThatAnotherThreadReadsMeanwhileIsNotTheOperators() {
    try (TorchTensor x = tensor(device);
        TorchTensor other = tensor(device)) {
      Set<TorchTensor.Storage> used =
          device.usedBy(
              () -> {
                Scope.part(x::flat);
                CompletableFuture.runAsync(other::toArray).join();
              });
      assertThat(used).containsExactly(x.memory(1).storage());
    }
  }

  @Test
  void operatorsThatTookMemoryAreRecordedTheNextTime() {
    List<TorchTensor> made = new ArrayList<>();
    Runnable takesMemory =
        () -> {
          if (made.size() < 2) {
            made.add(tensor(device));
          }
        };
    for (int i = 0; i < 4; i++) {
      replays.run("a", takesMemory);
    }
    assertThat(recorder.done)
        .containsExactly("warm up", "record", "close", "record", "replay", "replay");
    made.forEach(TorchTensor::close);
  }

  @Test
  void whereADeviceRefusesOperatorsRunOneByOne() {
    recorder.isAble = false;
    List<Integer> ran = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      replays.run("a", () -> ran.add(1));
    }
    assertThat(recorder.done).containsExactly("warm up", "refuse");
    assertThat(ran).hasSize(4);
  }

  @Test
  void closingFreesAllRecordings() {
    for (int i = 0; i < 2; i++) {
      replays.run("a", () -> {});
      replays.run("b", () -> {});
    }
    assertThat(recorder.open).isEqualTo(2);
    replays.close();
    assertThat(recorder.open).isZero();
  }

  @Test
  void completionsAreThoseOfOperatorsOneByOne() {
    for (SamplingRule rule :
        List.of(
            RecordedSteps.RULE,
            SamplingRule.at(0),
            SamplingRule.at(1),
            new SamplingRule(1, 0, 1, 0, 1.3f))) {
      List<Completion> expected = RecordedSteps.completions(Optional.empty(), rule, 100, 160);
      List<Completion> actual = RecordedSteps.completions(Optional.of(recorder), rule, 100, 160);
      assertThat(actual).as("%s", rule).usingRecursiveComparison().isEqualTo(expected);
      assertThat(recorder.open).as("recordings once the engine is closed").isZero();
    }
    assertThat(recorder.count("replay")).isGreaterThan(3 * recorder.count("record"));
  }
}
