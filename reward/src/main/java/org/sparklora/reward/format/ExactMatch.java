package org.sparklora.reward.format;

import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.AnswerReward;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.RewardInput;

/**
 * 1 for a completion whose answer is the solution's, as a text: {@code exact_match} with {@code
 * strict-match} of lm-evaluation-harness's tasks {@code gsm8k} and {@code gsm8k_cot}. The answer is
 * the first number after {@code ####}, or without one after {@code The answer is}, before the
 * completion asks a question of its own; commas, dollar signs and a full stop at the end do not
 * count.
 */
public record ExactMatch() implements AnswerReward {
  public static final String NAME = "exact_match_reward";

  private static final Pattern END = Pattern.compile("Question:|Q:|</s>|<\\|im_end\\|>");
  private static final Pattern MARKED = Pattern.compile("#### (-?[0-9.,]+)");

  /** One more character is needed, as in the harness, usually the full stop. */
  private static final Pattern SAID = Pattern.compile("The answer is (-?[0-9.,]+).");

  @Override
  public String name() {
    return NAME;
  }

  @Override
  public Judgement judge(RewardInput completion) {
    if (completion.solution().orElse("").isBlank()) {
      return Judgement.unverifiable("no solution");
    }
    String solution = compared(completion.solution().get());
    Optional<String> answer = written(completion.text());
    return Judgement.of(
        answer.map(ExactMatch::compared).filter(solution::equals).isPresent()
            ? Verdict.CORRECT
            : Verdict.WRONG,
        answer.isPresent() ? "exact match" : "no answer",
        solution,
        answer.orElse(""));
  }

  private static Optional<String> written(String completion) {
    String own = END.split(completion, 2)[0];
    return Stream.of(MARKED, SAID)
        .flatMap(answer -> answer.matcher(own).results())
        .map(found -> found.group(1))
        .findFirst();
  }

  @Override
  public Optional<String> answer(String completion) {
    return written(completion).map(ExactMatch::compared).filter(answer -> !answer.isEmpty());
  }

  private static String compared(String text) {
    return text.strip()
        .replaceAll("[,$]", "")
        .replaceFirst("(?s).*#### ", "")
        .replaceFirst("\\.$", "");
  }
}
