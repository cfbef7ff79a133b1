package org.sparklora.spark.run;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.HubToken;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;

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
        "hub_model_id",
        repository,
        "it must be name or namespace/name, of letters, digits, dots, dashes and underscores");
  }

  /** {@code --hub_strategy}. */
  public enum Strategy {
    /** The results, when there are some. */
    END,
    /** The model of each checkpoint as well. */
    EVERY_SAVE
  }

  /** Of a user's settings; empty without {@code push_to_hub}. */
  public static Optional<PushConfig> of(Settings settings, String outputFolder) {
    String strategy = settings.oneOf("hub_strategy", List.of("end", "every_save"));
    return settings.isOn("push_to_hub")
        ? Optional.of(
            of(settings, outputFolder, Strategy.valueOf(strategy.toUpperCase(Locale.ROOT))))
        : Optional.empty();
  }

  /**
   * For a push that is asked for.
   *
   * @param folder whose name the repository has unless told
   */
  public static PushConfig of(Settings settings, String folder, Strategy strategy) {
    return new PushConfig(
        settings.text("hub_model_id").orElse(new Path(folder).getName()),
        settings.text("hub_revision").orElse(MAIN),
        settings.optionalSwitch("hub_private_repo"),
        strategy,
        settings.text("hub_token").map(HubToken::of));
  }
}
