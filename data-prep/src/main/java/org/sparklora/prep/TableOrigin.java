package org.sparklora.prep;

import static org.sparklora.prep.TableManifest.areEqual;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;

/**
 * The inputs of an existing table, compared with the settings of a command that uses it: the
 * table's token ids are valid for one tokenizer only, and settings that decided its rows cannot be
 * changed any more.
 *
 * @param table as the user names it
 * @param model the model whose tokenizer made the table, as the user named it; empty in tables of
 *     older versions
 */
public record TableOrigin(String table, String model, TableManifest.Inputs inputs) {
  private static final Logger LOG = LoggerFactory.getLogger(TableOrigin.class);

  /** Manifest values of an unset setting. */
  private static final List<Object> UNSET = List.of("", "as_format_says");

  /** Settings that a manifest lacks if they are unset, besides {@link TableQuery#names}. */
  private static final List<String> IF_SET =
      List.of(
          Flags.PACK_WITHIN_SOURCE.name(),
          Flags.CHAT_TEMPLATE_KWARGS.name(),
          Flags.DATASET_TEST_SPLIT.name());

  /** The origin of a folder's table of this kind; empty if the folder has none. */
  public static Optional<TableOrigin> of(Configuration hadoop, TableKind kind, String folder) {
    return TableManifest.in(hadoop, kind, folder).map(manifest -> manifest.origin(folder));
  }

  /**
   * Checks that the table has the model's tokenizer, and the chat template of {@code config} if one
   * is given.
   *
   * @param key the setting that names the table
   * @throws ConfigException naming both tokenizers, or both templates, if they differ
   */
  public void requireTokenizer(Configuration hadoop, Flag<?> key, PrepConfig.Model config) {
    TextSource source = TextSource.locate(hadoop, config);
    ModelText text = ModelText.load(source);
    requireTokenizer(key, source.model().name(), text.tokenizer());
    if (!config.chatTemplatePath().isEmpty()) {
      ConfigException.require(
          template(text).equals(inputs.chatTemplateSha256()),
          Flags.CHAT_TEMPLATE_PATH,
          config.chatTemplatePath(),
          "the rows of %s were rendered with another chat template; leave it out, or name the dataset that the table was made of, %s"
              .formatted(table, madeOf()));
    }
  }

  /**
   * Checks that the table holds token ids of a tokenizer that is already loaded.
   *
   * @param reader the model that is to read the table, as the user names it
   * @param tokenizer of {@code reader}, if it has one
   */
  public void requireTokenizer(Flag<?> key, String reader, Optional<Tokenizer> tokenizer) {
    if (inputs.tokenizerSha256().isEmpty()) {
      return; // made of token ids, without a tokenizer
    }
    if (tokenizer.isEmpty()) {
      LOG.warn(
          "There is no tokenizer.json in {}: nothing tells whether the token ids of {} are its own",
          reader,
          table);
      return;
    }
    String fingerprint = tokenizer.get().fingerprint();
    ConfigException.require(
        fingerprint.equals(inputs.tokenizerSha256()),
        key,
        table,
        "its rows are token ids of the tokenizer %s (tokenizer.json with SHA-256 %.12s), and %s has another one (%.12s): the ids would mean other texts; run prep with this model, or name the model that the table was made for"
            .formatted(
                model.isEmpty() ? "of another model" : "of " + model,
                inputs.tokenizerSha256(),
                reader,
                fingerprint));
  }

  private String template(ModelText text) {
    boolean marking = Boolean.TRUE.equals(inputs.settings().get(Flags.ASSISTANT_ONLY_LOSS.name()));
    return text.template()
        .flatMap(own -> marking ? own.forAssistantOnlyLoss() : Optional.of(own))
        .map(ChatTemplate::fingerprint)
        .orElse("");
  }

  /**
   * The settings, completed with the values that decided the table.
   *
   * @param wanted the settings that would decide a new table, under the user's names
   * @param flags the command's flag for a setting of the table, if their names differ
   * @throws ConfigException naming each given setting that differs from the table's
   */
  public Settings decided(
      Settings settings, Map<String, Object> wanted, Map<Flag<?>, Flag<?>> flags) {
    Map<Flag<?>, String> conflicts = new LinkedHashMap<>();
    Settings decided = settings;
    Set<String> names = new LinkedHashSet<>(inputs.settings().keySet());
    names.addAll(IF_SET);
    for (String name : names) {
      if (name.equals(Flags.DATASET_NAME.name()) || !wanted.containsKey(name)) {
        continue;
      }
      Object made = inputs.settings().get(name);
      Flag<?> ofTable = Flags.named(name);
      Flag<?> flag = flags.getOrDefault(ofTable, ofTable);
      if (settings.isGiven(flag)) {
        if (!areEqual(wanted.get(name), made)) {
          conflicts.put(flag, difference(flag, made, wanted.get(name)));
        }
      } else if (!isUnset(flag, made)) {
        decided = decided.withDefault(flag, flagValue(flag, made));
      }
    }
    if (!conflicts.isEmpty()) {
      Flag<?> first = conflicts.keySet().iterator().next();
      throw new ConfigException(
          first,
          settings.text(first),
          "the table %s has decided it already: it was made with %s; leave %s out, or name the dataset that the table was made of, %s"
              .formatted(
                  table,
                  String.join(", ", conflicts.values()),
                  conflicts.size() == 1 ? "it" : "them",
                  madeOf()));
    }
    return decided;
  }

  private Object madeOf() {
    return inputs.settings().get(Flags.DATASET_NAME.name());
  }

  private static boolean isUnset(Flag<?> flag, Object made) {
    boolean noLimit = flag == Flags.MAX_PROMPT_LENGTH && areEqual(made, PromptsConfig.UNLIMITED);
    return made == null || UNSET.contains(made) || noLimit; // null: an older manifest
  }

  /** A manifest's value as the user writes it for the flag. */
  private static String flagValue(Flag<?> flag, Object made) {
    if (flag == Flags.MAX_LENGTH && areEqual(made, PrepConfig.UNLIMITED)) {
      return "none";
    }
    return flag == Flags.COMPLETION_ONLY_LOSS
        ? Boolean.toString(made.equals("completion"))
        : String.valueOf(made);
  }

  private static String difference(Flag<?> flag, Object made, Object now) {
    return "%s %s (now %s)".formatted(flag.name(), shown(flag, made), shown(flag, now));
  }

  private static String shown(Flag<?> flag, Object value) {
    return isUnset(flag, value) ? "unset" : flagValue(flag, value);
  }

  /**
   * Checks that this table, which differs from the wanted one, may be replaced. Without {@code
   * overwrite} that holds only for a table that a run keeps for itself, made with the same settings
   * from an earlier state of the dataset, as in scheduled runs; a table that {@code prep} made is a
   * result.
   *
   * @param key the setting that names the table's folder
   * @throws ConfigException saying how the table differs
   */
  void requireReplaceable(Flag<?> key, boolean overwrite, TableManifest.Inputs wanted) {
    List<String> differences = differences(wanted);
    if (differences.isEmpty() && !inputs.datasetFingerprint().equals(wanted.datasetFingerprint())) {
      if (key != Flags.OUTPUT_DIR) {
        LOG.info("Files of the dataset have changed since the table in {} was made", table);
        return;
      }
      differences = List.of(changed(wanted));
    }
    ConfigException.require(
        overwrite,
        key,
        table,
        "it holds a table that was made with %s; name another folder, or replace the table with --overwrite_output_dir"
            .formatted(
                differences.isEmpty()
                    ? "another version of prep, or files that are damaged"
                    : String.join(", ", differences)));
  }

  /** The differences from the wanted table: settings, then tokenizer, template, special tokens. */
  private List<String> differences(TableManifest.Inputs wanted) {
    List<String> differences = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>(wanted.settings().keySet());
    names.addAll(TableQuery.names()); // settings that only a table has, if given
    names.addAll(IF_SET);
    for (String name : names) {
      Object made = inputs.settings().get(name);
      Object now = wanted.settings().get(name);
      if (!areEqual(made, now)) {
        differences.add(difference(Flags.named(name), made, now));
      }
    }
    if (!inputs.tokenizerSha256().equals(wanted.tokenizerSha256())) {
      differences.add(
          "another tokenizer (tokenizer.json with SHA-256 %.12s, now %.12s)"
              .formatted(hash(inputs.tokenizerSha256()), hash(wanted.tokenizerSha256())));
    }
    if (!inputs.chatTemplateSha256().equals(wanted.chatTemplateSha256())) {
      differences.add("another chat template");
    }
    if (!inputs.specialTokens().equals(wanted.specialTokens())) {
      differences.add(
          "the special tokens %s (now %s)"
              .formatted(inputs.specialTokens(), wanted.specialTokens()));
    }
    return differences;
  }

  private String changed(TableManifest.Inputs wanted) {
    Object made = inputs.table().get("version");
    Object now = wanted.table().get("version");
    if (made == null || now == null) {
      boolean zoned = wanted.sources().stream().anyMatch(source -> source.containsKey("time_zone"));
      return "files of the dataset that have changed since"
          + (zoned ? ", or another time zone of the session" : "");
    }
    return made.equals(now)
        ? "another time zone of the session, or on another day"
        : "version %s of the dataset (now %s)".formatted(made, now);
  }

  private static String hash(String sha256) {
    return sha256.isEmpty() ? "none" : sha256;
  }
}
