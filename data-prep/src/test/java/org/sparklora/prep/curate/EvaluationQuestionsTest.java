package org.sparklora.prep.curate;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.prep.curate.EvaluationQuestions.Match;
import org.sparklora.prep.curate.EvaluationQuestions.Question;

class EvaluationQuestionsTest {
  private static final String TRAINS =
      "A train leaves the station at 7 o'clock with 120 people and 35 of them leave at the first stop. How many are left?";
  private static final String SHORT = "What is the sum of 17 and 25?";

  private static EvaluationQuestions questions() {
    EvaluationQuestions questions =
        new EvaluationQuestions(
            List.of(
                new Question("math", 0, SHORT),
                new Question("math", 1, "Solve x = 2"),
                new Question("trains", 7, TRAINS)));
    assertThat(questions.counts()).isEqualTo(Map.of("compared", 2L, "too_short", 1L));
    return questions;
  }

  private static Optional<Match> find(String text) {
    return questions().find(Words.of(NormalisedText.of(text)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        TRAINS,
        "Here is one: a TRAIN leaves the station, at 7 o'clock, with 120 people; and",
        "x clock with 120 people and 35 of them leave at the first stop and so on"
      })
  void thirteenWordsInARowAreFound(String text) {
    assertThat(find(text)).contains(new Match("trains", 7, false));
  }

  @ParameterizedTest
  @ValueSource(strings = {SHORT, "Q: what is  the sum of 17\nand 25 A: 42"})
  void allWordsOfAShorterQuestionAreFound(String text) {
    assertThat(find(text)).contains(new Match("math", 0, true));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "What is the sum of 17 and 26?",
        "What is the sum of 17",
        "A train leaves the station at 8 o'clock with 130 people and 36 of them leave at the second stop. How many are left?",
        "leaves the station at 7 o'clock with 120 people and 35",
        "Solve x = 2",
        ""
      })
  void otherNumbersAndFewerWordsAreNot(String text) {
    assertThat(find(text)).isEmpty();
  }

  @Test
  void everyPlantedQuestionIsFoundAmongTenThousandAndNothingElse() {
    Random random = new Random(5);
    List<Question> questions = new ArrayList<>();
    for (int i = 0; i < 10_000; i++) {
      questions.add(new Question("set", i, words(random, 5 + random.nextInt(40))));
    }
    EvaluationQuestions built = new EvaluationQuestions(questions);
    for (int i = 0; i < 1000; i++) {
      int planted = random.nextInt(questions.size());
      String question = questions.get(planted).text();
      String with = words(random, 30) + " " + question + " " + words(random, 30);
      assertThat(built.find(Words.of(with))).map(Match::row).contains((long) planted);
      assertThat(built.find(Words.of(words(random, 300)))).isEmpty();
    }
  }

  @Test
  void noQuestionsAreNowhere() {
    assertThat(new EvaluationQuestions(List.of()).find(Words.of(TRAINS))).isEmpty();
  }

  private static String words(Random random, int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> Integer.toString(random.nextInt(50_000), 36))
        .collect(Collectors.joining(" "));
  }
}
