package org.sparklora.reward.math;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
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
    List<Voted> answers = new ArrayList<>();
    for (int i = 0; i < completions.size(); i++) {
      Optional<String> text = reward.answer(completions.get(i));
      if (text.isPresent()) {
        String completion = completions.get(i);
        Voted voted =
            answers.stream()
                .filter(
                    known ->
                        known.text().equals(text.get()) || reward.gives(completion, known.text()))
                .findFirst()
                .orElseGet(
                    () -> {
                      answers.add(new Voted(text.get(), new ArrayList<>()));
                      return answers.get(answers.size() - 1);
                    });
        voted.voters().add(i);
      }
    }
    answers.sort(Comparator.comparingInt(voted -> -voted.voters().size()));
    return new AnswerVotes(List.copyOf(answers));
  }

  /** The answer that at least two completions give, and more than any other. */
  public Optional<Voted> majority() {
    int others = answers.size() > 1 ? answers.get(1).voters().size() : 1;
    return answers.stream().findFirst().filter(first -> first.voters().size() > others);
  }
}
