package org.sparklora.reward.math;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.sparklora.reward.AnswerReward;

/**
 * The different answers that completions of one problem give, and who gives them: self-consistency
 * (Wang et al., <a href="https://arxiv.org/abs/2203.11171">2203.11171</a>). Answers are the same if
 * the reward says so; each is compared with the first of its kind.
 *
 * @param answers most frequent first; of equally frequent ones the one given first
 */
public record AnswerVotes(List<Voted> answers) {

  /**
   * An answer.
   *
   * @param text as the first voter wrote it
   * @param voters indices of the completions that give it, ascending
   */
  public record Voted(String text, List<Integer> voters) {}

  /**
   * Counts the votes; completions without a readable answer do not vote.
   *
   * @param reward finds and compares answers
   */
  public static AnswerVotes of(AnswerReward reward, List<String> completions) {
    Map<String, List<Integer>> voters = new LinkedHashMap<>();
    for (int i = 0; i < completions.size(); i++) {
      String completion = completions.get(i);
      Optional<String> text = reward.answer(completion);
      if (text.isPresent()) {
        String answer =
            voters.keySet().stream()
                .filter(known -> known.equals(text.get()) || reward.gives(completion, known))
                .findFirst()
                .orElse(text.get());
        voters.computeIfAbsent(answer, first -> new ArrayList<>()).add(i);
      }
    }
    return new AnswerVotes(
        voters.entrySet().stream()
            .map(answer -> new Voted(answer.getKey(), answer.getValue()))
            .sorted(Comparator.comparingInt(voted -> -voted.voters().size()))
            .toList());
  }

  /** The answer that at least two completions give, and more than any other. */
  public Optional<Voted> majority() {
    int others = answers.size() > 1 ? answers.get(1).voters().size() : 1;
    return answers.stream().findFirst().filter(first -> first.voters().size() > others);
  }
}
