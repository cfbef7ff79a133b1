package org.sparklora.reward.job;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;

/**
 * The result of a reward stage, under TRL's metric names.
 *
 * @param reward mean of the rewards; NaN when none was judged
 * @param rewardStd unbiased deviation of the rewards
 * @param fracRewardZeroStd share of completions whose group agreed and has nothing to learn from
 * @param rows completions judged, the unreadable ones included
 * @param groupsOfAnotherSize groups without exactly {@code num_generations} rows
 * @param verdicts counts by verdict
 * @param reasons counts by reason
 * @param unreadable the first rows without a completion
 * @param slowest the completions that took longest to judge
 */
public record RewardSummary(
    @JsonProperty("reward") double reward,
    @JsonProperty("reward_std") double rewardStd,
    @JsonProperty("frac_reward_zero_std") double fracRewardZeroStd,
    @JsonProperty("rewards") Map<String, Double> rewards,
    @JsonProperty("rows") long rows,
    @JsonProperty("groups") long groups,
    @JsonProperty("groups_of_another_size") long groupsOfAnotherSize,
    @JsonProperty("verdicts") Map<String, Long> verdicts,
    @JsonProperty("reasons") Map<String, Long> reasons,
    @JsonProperty("unreadable_rows") List<String> unreadable,
    @JsonProperty("slowest_rows") List<String> slowest,
    @JsonProperty("seconds") double seconds) {

  /** The summary as JSON, one field a line. */
  public String toJson() {
    return new ObjectMapper().valueToTree(this).toPrettyString();
  }
}
