package org.sparklora.spark.quickstart;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.quickstart.ArithmeticProblems.Problem;

class ArithmeticProblemsTest {
  private static final Pattern QUESTION = Pattern.compile("(\\d+) ([+-]) (\\d+)");
  private static final Pattern WRITTEN_OUT =
      Pattern.compile("(\\d+) ([+-]) (\\d+) = (\\d+)\\.( \\\\boxed\\{(\\d+)})?");
  private static final Pattern GUESS = Pattern.compile("About \\\\boxed\\{(\\d+)}");

  private static final Path GSM8K = Path.of("../conf/quickstart/gsm8k_heldout.jsonl.gz");
  private static final int GSM8K_ROWS = 200;

  /** Three deviations of a share near a third among 2000. */
  private static final double SHARE_TOLERANCE = 0.032;

  @TempDir private Path folder;

  private static int result(Matcher sum) {
    int first = Integer.parseInt(sum.group(1));
    int second = Integer.parseInt(sum.group(3));
    return sum.group(2).equals("+") ? first + second : first - second;
  }

  @Test
  void aQuestionAsksForItsSum() {
    List<Problem> problems =
        LongStream.range(0, 500).mapToObj(new ArithmeticProblems(7)::get).toList();

    assertThat(problems)
        .allSatisfy(
            problem -> {
              Matcher asked = QUESTION.matcher(problem.question());
              assertThat(asked.find()).isTrue();
              assertThat(problem.sum().result()).isEqualTo(result(asked)).isBetween(0, 20);
            });
    assertThat(problems.stream().map(Problem::sum).distinct()).hasSizeGreaterThan(120);
  }

  @Test
  void aProblemDependsOnSeedAndNumberAlone() {
    assertThat(new ArithmeticProblems(7).get(3)).isEqualTo(new ArithmeticProblems(7).get(3));
    assertThat(new ArithmeticProblems(7).get(3)).isNotEqualTo(new ArithmeticProblems(7).get(4));
    assertThat(new ArithmeticProblems(7).get(3)).isNotEqualTo(new ArithmeticProblems(8).get(3));
  }

  @Test
  void heldOutSumsAreNotTrainedOn() {
    ArithmeticProblems problems = new ArithmeticProblems(7);

    List<Problem> training = problems.take(false, 400);
    List<Problem> heldOut = problems.take(true, 100);

    assertThat(training).hasSize(400);
    assertThat(heldOut).hasSize(100);
    assertThat(heldOut.stream().map(Problem::sum))
        .doesNotContainAnyElementsOf(training.stream().map(Problem::sum).toList());
    assertThat(heldOut.get(0).sum()).as("not always the same").isNotEqualTo(heldOut.get(1).sum());
  }

  @Test
  void theBaseModelIsShownRightSumsAndUnreliableAnswers() throws IOException {
    Path file = folder.resolve("corpus.jsonl");
    int count = 2000;

    BaseCorpus.write(file, count, GSM8K);

    int boxed = 0;
    int unboxed = 0;
    int guessed = 0;
    List<String> lines = Files.readAllLines(file);
    for (String line : lines.subList(0, count)) {
      var messages = new ObjectMapper().readTree(line).get("messages");
      Matcher asked = QUESTION.matcher(messages.get(0).get("content").asText());
      assertThat(asked.find()).as(line).isTrue();
      String answer = messages.get(1).get("content").asText();
      Matcher sum = WRITTEN_OUT.matcher(answer);
      if (sum.matches()) {
        assertThat(result(sum)).as(line).isEqualTo(result(asked));
        assertThat(sum.group(4)).as(line).isEqualTo(String.valueOf(result(asked)));
        if (sum.group(5) == null) {
          unboxed++;
        } else {
          assertThat(sum.group(6)).as(line).isEqualTo(sum.group(4));
          boxed++;
        }
      } else {
        assertThat(answer).matches(GUESS);
        guessed++;
      }
    }
    assertThat(lines).hasSize(count + GSM8K_ROWS);
    assertThat(guessed).isPositive();
    assertThat((double) boxed / count).isCloseTo(0.35, within(SHARE_TOLERANCE));
    assertThat((double) unboxed / count).isCloseTo(0.3, within(SHARE_TOLERANCE));
  }
}
