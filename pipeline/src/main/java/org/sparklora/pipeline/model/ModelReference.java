package org.sparklora.pipeline.model;

import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.hub.HubReference;
import org.sparklora.hub.HubRepo;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.Settings;

/**
 * How a user names a model or an adapter, before anyone looked for it.
 *
 * @param flag that names it, for messages
 * @param name a local folder, a folder of any file system that Hadoop reads ({@code hdfs://…},
 *     {@code s3a://…}), or, where there is no such folder, a repository of the hub
 * @param revision of the repository, or the empty string for its main branch
 * @param stagingDir {@code staging_dir}, or the empty string for the machine's scratch folder
 */
public record ModelReference(String flag, String name, String revision, String stagingDir)
    implements Serializable {
  private static final List<Flag<String>> FLAGS =
      List.of(Flags.MODEL_NAME_OR_PATH, Flags.ADAPTER, Flags.ADAPTER_NAME_OR_PATH);

  /** At least two letters: a single one is a drive of Windows. */
  private static final Pattern OTHER_FILE_SYSTEM =
      Pattern.compile("(?!file:)[a-zA-Z][a-zA-Z0-9+.-]+:/.*");

  private static final Pattern FILE_URI = Pattern.compile("file:/+");

  /** A base model that nothing but its folder is said about. */
  public static ModelReference of(String folder) {
    return new ModelReference(Flags.MODEL_NAME_OR_PATH.name(), folder, "", "");
  }

  /** The base model of a user's settings. */
  public static ModelReference of(Settings settings) {
    return required(settings, Flags.MODEL_NAME_OR_PATH);
  }

  /** What another flag names, without which the command makes no sense. */
  public static ModelReference required(Settings settings, Flag<String> flag) {
    String name = settings.get(flag);
    String revision =
        flag == Flags.MODEL_NAME_OR_PATH ? settings.find(Flags.MODEL_REVISION).orElse("") : "";
    String staging = settings.find(Flags.STAGING_DIR).orElse("");
    return name.indexOf('@') < 0
        ? new ModelReference(flag.name(), name, revision, staging)
        : repository(name, revision)
            .map(
                found -> // results name their base by the repository alone
                new ModelReference(flag.name(), found.repo().id(), found.revision(), staging))
            .orElse(new ModelReference(flag.name(), name, revision, staging));
  }

  /** What another flag names, if the user gave it. */
  public static Optional<ModelReference> of(Settings settings, Flag<String> flag) {
    return settings.find(flag).map(name -> required(settings, flag));
  }

  /**
   * Looks for it; one of another file system is staged on this machine, one of the hub downloaded
   * into its cache. A local folder wins over a repository of the same name.
   *
   * @throws ConfigException if it is not there, or cannot be read; a local folder that is not there
   *     or cannot be read is told of by who reads it
   * @throws org.sparklora.hub.HubException if the hub does not have it, or does not give it
   */
  public ModelSource locate(Configuration hadoop, ModelSource.Part part) {
    return elsewhere(hadoop, part).orElseGet(() -> local().read(part));
  }

  /** Empty for a local folder. */
  private Optional<ModelSource> elsewhere(Configuration hadoop, ModelSource.Part part) {
    return OTHER_FILE_SYSTEM.matcher(name).matches()
        ? Optional.of(HadoopFolder.locate(this, hadoop, part))
        : repository(name, revision).map(found -> HubSnapshot.locate(name, found, part));
  }

  /**
   * Looks for it as {@link #locate} does, but brings no weights here.
   *
   * @throws ConfigException if it is not there, or cannot be read; a local folder is not looked at
   * @throws org.sparklora.hub.HubException if the hub does not have it, or does not give it
   */
  public ModelOutline outline(Configuration hadoop) {
    if (OTHER_FILE_SYSTEM.matcher(name).matches()) {
      return ModelOutline.of(this, HadoopFolder.remote(this, hadoop));
    }
    return repository(name, revision)
        .map(found -> ModelOutline.of(this, HubSnapshot.remote(name, found)))
        .orElseGet(() -> ModelOutline.of(local()));
  }

  /**
   * Looks whether there are the local folders that a user's settings name; what may be a repository
   * of the hub, or is of another file system, is not looked for.
   *
   * @throws ConfigException for the first that is none
   */
  public static void requireFolders(Settings settings) {
    for (Flag<String> flag : FLAGS) {
      if (settings.isGiven(flag)) {
        required(settings, flag).requireFolder();
      }
    }
  }

  private void requireFolder() {
    if (OTHER_FILE_SYSTEM.matcher(name).matches() || repository(name, revision).isPresent()) {
      return;
    }
    Path folder = local().folder();
    ConfigException.require(
        Files.isDirectory(folder),
        flag,
        name,
        "%s; name a folder with %s, or a repository of the hub, written namespace/name"
            .formatted(
                Files.exists(folder) ? "it is a file" : "there is no such folder",
                flag.equals(Flags.MODEL_NAME_OR_PATH.name())
                    ? "config.json, model.safetensors and tokenizer.json"
                    : "adapter_config.json and adapter_model.safetensors"));
  }

  private LocalFolder local() {
    return LocalFolder.of(name, FILE_URI.matcher(name).lookingAt() ? pathOf(name) : name);
  }

  /** The repository of the hub that is meant, unless something here has its name. */
  private static Optional<HubReference> repository(String name, String revision) {
    return OTHER_FILE_SYSTEM.matcher(name).matches() || Files.exists(Path.of(name))
        ? Optional.empty()
        : HubReference.of(HubRepo.Type.MODEL, name, revision);
  }

  private static String pathOf(String fileUri) {
    return new org.apache.hadoop.fs.Path(fileUri).toUri().getPath();
  }

  /** The local folder of all of its files, for commands that need no cluster. */
  public Path folder() {
    return folder(HadoopSettings.configuration());
  }

  /**
   * The folder of this machine that holds all of its files. Unlike {@link #locate} it does not read
   * a local folder, of whose content a path tells nothing.
   */
  public Path folder(Configuration hadoop) {
    return elsewhere(hadoop, ModelSource.Part.WHOLE).orElseGet(this::local).folder();
  }
}
