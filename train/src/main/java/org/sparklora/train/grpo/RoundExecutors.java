package org.sparklora.train.grpo;

import java.util.Optional;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.Workers;

/**
 * Which executors draw rounds, and how long before training.
 *
 * @param ahead {@code max_staleness}: rounds from the one trained on to the one drawn
 * @param count {@code num_workers}: number of executors; all if empty
 * @param drawers {@code num_generators}: executors that only draw; empty: all draw and train
 */
public record RoundExecutors(int ahead, Optional<Integer> count, Optional<Integer> drawers) {
  public static RoundExecutors of(Settings settings) {
    RoundExecutors executors =
        new RoundExecutors(
            settings.get(Flags.MAX_STALENESS),
            settings.find(Flags.NUM_WORKERS),
            settings.find(Flags.NUM_GENERATORS));
    ConfigException.require(
        executors.ahead > 0 || executors.drawers.isEmpty(),
        Flags.NUM_GENERATORS,
        executors.drawers.orElse(0),
        "with --%s 0 drawing and training take turns, and executors of their own would idle; set the latter to 1"
            .formatted(Flags.MAX_STALENESS));
    ConfigException.require(
        executors.drawers.isEmpty() || !settings.get(Flags.USE_VLLM),
        Flags.NUM_GENERATORS,
        executors.drawers.orElse(0),
        "servers draw; leave it out, and all executors train");
    return executors;
  }

  /** The executors that train; throws a {@link ConfigException} if none is left. */
  public Workers learners(Workers all) {
    int others = drawers.orElse(0);
    ConfigException.require(
        others < all.count() || all instanceof LocalWorkers,
        Flags.NUM_GENERATORS,
        others,
        "no other executor would be left to train, of %s; lower it, or add executors"
            .formatted(all.count()));
    return all.part(0, all.count() - others);
  }

  /** The number of executors that train: also in one process, in turn. */
  public int trainers(Workers learners) {
    return learners instanceof LocalWorkers
        ? Math.max(1, count.orElse(1) - drawers.orElse(0))
        : learners.count();
  }

  /** The workers that draw, or ask servers to; then executors go on training meanwhile. */
  public Workers drawers(Workers all, boolean asksServers) {
    return ahead > 0 && asksServers
        ? new LocalWorkers()
        : all.part(all.count() - drawers.orElse(all.count()), all.count());
  }
}
