package org.sparklora.train.grpo;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.table.ScoredGeneration;

/**
 * Selects the groups of a round. With {@code --dynamic_sampling} (Yu et al., 2025) groups whose
 * completions all got the same reward, from which nothing can be learnt, are replaced by groups of
 * further prompts, until the round is full or the bound is reached.
 *
 * <p>Not thread-safe.
 */
public final class GroupSelection {
  private static final Logger LOG = LoggerFactory.getLogger(GroupSelection.class);

  /**
   * Flag {@code dynamic_sampling}, and {@code dynamic_sampling_max_draws}: most batches of prompts
   * drawn for a round.
   */
  public record Config(boolean isOn, int maxDraws) {}

  private final int wanted;
  private final int groupSize;
  private final Config config;
  private final List<ScoredGeneration> all = new ArrayList<>();
  private final List<List<ScoredGeneration>> varied = new ArrayList<>();
  private final List<List<ScoredGeneration>> flat = new ArrayList<>();
  private int draws = 0;

  /** Selects P = {@code wanted} groups of G = {@code groupSize} completions for a round. */
  public GroupSelection(int wanted, int groupSize, Config config) {
    this.wanted = wanted;
    this.groupSize = groupSize;
    this.config = config;
  }

  public int draws() {
    return draws;
  }

  public boolean wantsMore() {
    return draws == 0 || config.isOn() && varied.size() < wanted && draws < config.maxDraws();
  }

  /** Adds the completions of a batch of prompts, those of a prompt side by side. */
  public void add(List<ScoredGeneration> scored) {
    draws++;
    all.addAll(scored);
    for (int start = 0; start < scored.size(); start += groupSize) {
      List<ScoredGeneration> group = scored.subList(start, start + groupSize);
      (isFlat(group) ? flat : varied).add(group);
    }
  }

  /** Whether nothing can be learnt from a group. */
  public static boolean isFlat(List<ScoredGeneration> group) {
    return group.stream().allMatch(ScoredGeneration::groupIsFlat);
  }

  public List<ScoredGeneration> all() {
    return all;
  }

  /** Whether {@link #chosen} selects from several batches. */
  public boolean isFiltered() {
    return draws > 1;
  }

  /** The groups of the round; if too few have different rewards, flat groups fill it up. */
  public List<ScoredGeneration> chosen() {
    if (!isFiltered()) {
      return all;
    }
    List<List<ScoredGeneration>> groups = new ArrayList<>(varied);
    groups.addAll(flat);
    if (varied.size() < wanted) {
      LOG.warn(
          "Of {} prompts in {} batches only {} got completions of different rewards, {} are wanted: the policy learns from those; raise dynamic_sampling_max_draws, or choose harder or easier prompts",
          varied.size() + flat.size(),
          draws,
          varied.size(),
          wanted);
    }
    return groups.subList(0, wanted).stream().flatMap(List::stream).toList();
  }

  /** Number of batches, and the share of the round that they filled. */
  public Map<String, Double> metrics() {
    return config.isOn()
        ? new TreeMap<>(
            Map.of(
                "dynamic_sampling/draws",
                (double) draws,
                "dynamic_sampling/filled",
                Math.min(1, varied.size() / (double) wanted)))
        : Map.of();
  }
}
