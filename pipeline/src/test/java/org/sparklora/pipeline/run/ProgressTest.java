package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressTest {
  private static final long SECOND = 1_000_000_000L;

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final AtomicLong clock = new AtomicLong();

  private Progress progress(boolean terminal) {
    return new Progress(
        "tokenize",
        "tokens",
        new PrintStream(bytes, true, StandardCharsets.UTF_8),
        terminal,
        clock::get);
  }

  private String printed() {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void saysRateAndTimeLeftInLines() {
    Progress progress = progress(false);
    progress.show(0.1, 10);
    clock.set(10 * SECOND);
    progress.show(0.25, 12_300_000);
    progress.show(0.26, 12_400_000); // a moment later: not shown
    clock.set(40 * SECOND);
    progress.done(50_000_000);
    assertThat(printed().lines())
        .containsExactly(
            "tokenize   25 %  12.3M tokens  1.2M tokens/s  30 s left",
            "tokenize  100 %  50.0M tokens  1.3M tokens/s  in 40 s");
  }

  @Test
  void whatWasDoneBeforeCountsNotForTheRate() {
    Progress progress = progress(false);
    progress.goOnFrom(0.5, 1000);
    clock.set(10 * SECOND);
    progress.show(0.75, 1500);
    assertThat(printed()).startsWith("tokenize   75 %  1.5k tokens  50 tokens/s  10 s left");
  }

  @Test
  void redrawsABarOnATerminal() {
    Progress progress = progress(true);
    clock.set(SECOND);
    progress.show(0.5, 500);
    clock.set(2 * SECOND);
    progress.done(1000);
    assertThat(printed())
        .startsWith("tokenize  [##########          ]   50 %  500 tokens")
        .contains("\r\u001b[Ktokenize  [####################]  100 %")
        .endsWith(System.lineSeparator());
  }

  @Test
  void aStepThatIsLeftEndsItsLineOnATerminal() {
    Progress shown = progress(true);
    clock.set(SECOND);
    shown.show(0.5, 500);
    shown.leave();
    shown.show(0.6, 600);
    shown.done(1000);
    assertThat(printed()).contains("50 %").endsWith(System.lineSeparator()).doesNotContain("100 %");
    bytes.reset();
    progress(true).leave();
    assertThat(printed()).as("a step that was not shown").isEmpty();
  }

  @Test
  void theLauncherSaysWhetherStandardErrorIsATerminal() {
    try {
      System.setProperty("lora.terminal", "true");
      assertThat(Progress.isTerminal()).isTrue();
      System.setProperty("lora.terminal", "false");
      assertThat(Progress.isTerminal()).isFalse();
    } finally {
      System.clearProperty("lora.terminal");
    }
    assertThat(Progress.isTerminal()).isEqualTo(System.console() != null);
  }

  @Test
  void theEndIsSaidOnce() {
    Progress progress = progress(false);
    clock.set(10 * SECOND);
    progress.show(1.0, 1000); // the last part is done, the step is not
    clock.set(20 * SECOND);
    progress.done(1000);
    progress.done(1000);
    progress.show(1.0, 1000);
    assertThat(printed().lines())
        .containsExactly("tokenize  100 %  1.0k tokens  50 tokens/s  in 20 s");
  }

  @Test
  void timesAreReadable() {
    assertThat(Progress.time(0.42)).isEqualTo("0.4 s");
    assertThat(Progress.time(59.6)).isEqualTo("1 min 0 s");
    assertThat(Progress.time(7530)).isEqualTo("2 h 5 min");
    assertThat(Progress.compact(999)).isEqualTo("999");
    assertThat(Progress.compact(999_960)).isEqualTo("1.0M");
  }
}
