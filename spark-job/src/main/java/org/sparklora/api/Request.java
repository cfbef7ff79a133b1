package org.sparklora.api;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.sparklora.hub.HubClient;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.run.PathSettings;
import org.sparklora.spark.grpo.ExternalJudge;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.spark.run.RunListener;

/**
 * A request to run a command.
 *
 * <pre>
 * Request.to("sft")
 *     .set("model_name_or_path", "Qwen/Qwen2.5-3B-Instruct")
 *     .set("use_peft", true)
 *     .set("output_dir", "hdfs:///runs/first")
 *     .table("train", conversations)
 *     .build();
 * </pre>
 *
 * @param settings as on the command line, each checked by itself
 * @param notes one line for each flag that is accepted but changes nothing
 * @param tables a dataset's splits, in place of its path; empty if {@code dataset_name}, or the
 *     command's {@code input}, gives the path
 * @param listener receives the events of the run
 * @param judge judges completions outside of this JVM; empty if no reward needs it
 * @param judged names among {@code reward_funcs} whose rewards come from {@code judge} or the table
 */
public record Request(
    Settings settings,
    List<String> notes,
    Map<String, Dataset<Row>> tables,
    RunListener listener,
    Optional<ExternalJudge> judge,
    Set<String> judged) {

  public static Builder to(String command) {
    return new Builder(command);
  }

  /**
   * Checks settings before any work: paths name available file systems, models are folders or
   * repositories of the hub, the engine exists.
   *
   * @throws ConfigException for the first setting that cannot be used
   */
  public static void check(Settings settings) {
    HubClient.lookUpAnew();
    try {
      PathSettings.require(settings);
      ModelReference.requireFolders(settings);
      ModelConfig.engine(settings);
    } catch (ConfigException e) {
      throw settings.located(e);
    }
  }

  /** Builds a request. Not thread-safe. */
  public static final class Builder {
    private final String command;
    private final Map<String, List<String>> given = new LinkedHashMap<>();
    private final Map<String, Dataset<Row>> tables = new LinkedHashMap<>();
    private RunListener listener = RunListener.none();
    private Optional<ExternalJudge> judge = Optional.empty();
    private Set<String> judged = Set.of();

    private Builder(String command) {
      this.command = command;
    }

    /** Sets a flag by name to a string, number or boolean, or a collection of them for a list. */
    public Builder set(String name, Object value) {
      List<String> words = new ArrayList<>();
      if (value instanceof Collection<?> many) {
        many.forEach(word -> words.add(String.valueOf(word)));
      } else {
        words.add(String.valueOf(value));
      }
      given.put(name, words);
      return this;
    }

    /** Sets several flags by their names. */
    public Builder settings(Map<String, ?> values) {
      values.forEach(this::set);
      return this;
    }

    /**
     * Sets a split of the dataset: {@code train}, {@code test}. Its rows keep the order of the
     * {@code DataFrame}.
     */
    public Builder table(String split, Dataset<Row> rows) {
      tables.put(split, rows);
      return this;
    }

    public Builder listener(RunListener who) {
      listener = who;
      return this;
    }

    /**
     * Names the {@code reward_funcs} whose rewards the judged table holds, each in the column
     * {@link org.sparklora.reward.GivenReward#column}.
     */
    public Builder judged(Collection<String> names) {
      judged = new LinkedHashSet<>(names);
      return this;
    }

    /** Sets the judge of the {@code reward_funcs} of these names, which are not built in. */
    public Builder judge(Collection<String> names, ExternalJudge who) {
      judge = Optional.of(who);
      return judged(names);
    }

    /**
     * Builds the request.
     *
     * @throws ConfigException for an unknown flag, or a value that a flag cannot have
     */
    public Request build() {
      CommandLine.Parsed parsed = CommandLine.parse(command, given);
      check(parsed.settings());
      return new Request(
          parsed.settings(),
          parsed.notes(),
          Map.copyOf(tables),
          listener,
          judge,
          Set.copyOf(judged));
    }
  }
}
