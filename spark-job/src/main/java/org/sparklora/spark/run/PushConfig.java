package org.sparklora.spark.run;

import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.HubToken;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.OutputFolder;

/**
 * How results are pushed to the hub.
 *
 * @param repository {@code hub_model_id}, with a namespace or without
 * @param branch {@code hub_revision}
 * @param isPrivate {@code hub_private_repo}
 * @param strategy {@code hub_strategy}
 * @param token {@code hub_token}; empty for the environment's
 */
public record PushConfig(
    String repository,
    String branch,
    Optional<Boolean> isPrivate,
    Strategy strategy,
    Optional<HubToken> token) {
  private static final String MAIN = "main";

  public PushConfig {
    ConfigException.require(
        HubRepo.isId(repository.contains("/") ? repository : "any/" + repository),
        Flags.HUB_MODEL_ID,
        repository,
        "it must be name or namespace/name, of letters, digits, dots, dashes and underscores");
  }

  /** {@code --hub_strategy}. */
  public enum Strategy {
    /** Pushes the results at the end. */
    END,
    /** Pushes the model of each checkpoint as well. */
    EVERY_SAVE
  }

  /** The record of a user's settings; empty without {@code push_to_hub}. */
  public static Optional<PushConfig> of(Settings settings, String outputFolder) {
    return settings.get(Flags.PUSH_TO_HUB)
        ? Optional.of(of(settings, outputFolder, settings.get(Flags.HUB_STRATEGY, Strategy.class)))
        : Optional.empty();
  }

  /** The record, whatever {@code push_to_hub} says; the folder names an unnamed repository. */
  public static PushConfig of(Settings settings, String folder, Strategy strategy) {
    return new PushConfig(
        settings.find(Flags.HUB_MODEL_ID).orElse(new Path(OutputFolder.named(folder)).getName()),
        settings.find(Flags.HUB_REVISION).orElse(MAIN),
        settings.find(Flags.HUB_PRIVATE_REPO),
        strategy,
        settings.find(Flags.HUB_TOKEN).map(HubToken::of));
  }
}
