package org.sparklora.pipeline.model;

import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.hub.HubReference;
import org.sparklora.hub.HubRepo;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flag;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;

/**
 * A user's reference to a model or an adapter, not yet located.
 *
 * @param flag the flag that names it, for messages
 * @param name a local folder, a folder of any file system that Hadoop reads ({@code hdfs://…},
 *     {@code s3a://…}), or, if no such folder exists, a repository of the hub
 * @param revision revision of the repository, or the empty string for its main branch
 * @param stagingDir {@code staging_dir}, or the empty string for the node's scratch folder
 */
public record ModelReference(String flag, String name, String revision, String stagingDir)
    implements Serializable {
  private static final List<Flag<String>> FLAGS =
      List.of(
          Flags.MODEL_NAME_OR_PATH,
          Flags.TEACHER_MODEL_NAME_OR_PATH,
          Flags.ADAPTER,
          Flags.ADAPTER_NAME_OR_PATH);

  /** A base model in a folder, without revision and staging folder. */
  public static ModelReference of(String folder) {
    return new ModelReference(Flags.MODEL_NAME_OR_PATH.name(), folder, "", "");
  }

  public static ModelReference of(Settings settings) {
    return required(settings, Flags.MODEL_NAME_OR_PATH);
  }

  /** The model or adapter that a required flag names. */
  public static ModelReference required(Settings settings, Flag<String> flag) {
    String name = settings.get(flag);
    String revision =
        flag == Flags.MODEL_NAME_OR_PATH ? settings.find(Flags.MODEL_REVISION).orElse("") : "";
    boolean stages = settings.find(Flags.STAGING_DIR).isPresent();
    String staging = stages ? LocalPath.of(settings, Flags.STAGING_DIR).toString() : "";
    return name.indexOf('@') < 0
        ? new ModelReference(flag.name(), name, revision, staging)
        : repository(name, revision)
            .map(
                found -> // results name their base without the revision
                new ModelReference(flag.name(), found.repo().id(), found.revision(), staging))
            .orElse(new ModelReference(flag.name(), name, revision, staging));
  }

  /** The model or adapter that a flag names, if it is set. */
  public static Optional<ModelReference> of(Settings settings, Flag<String> flag) {
    return settings.find(flag).map(name -> required(settings, flag));
  }

  /**
   * Locates the model: stages it on this node if it is on another file system, downloads it into
   * the cache if it is on the hub. A local folder wins over a repository of the same name.
   *
   * @throws ConfigException if it does not exist or cannot be read; the reader of a local folder
   *     reports such problems instead
   * @throws org.sparklora.hub.HubException if the hub does not have it, or denies access
   */
  public ModelSource locate(Configuration hadoop, ModelSource.Part part) {
    return elsewhere(hadoop, part).orElseGet(() -> local().read(part));
  }

  /** Locates a model that is not in a local folder; empty for a local folder. */
  private Optional<ModelSource> elsewhere(Configuration hadoop, ModelSource.Part part) {
    return LocalPath.isElsewhere(name)
        ? Optional.of(HadoopFolder.locate(this, hadoop, part))
        : repository(name, revision).map(found -> HubSnapshot.locate(this, found, part));
  }

  /**
   * Locates the model as {@link #locate} does, but fetches no weights.
   *
   * @throws ConfigException if it does not exist or cannot be read; a local folder is not checked
   * @throws org.sparklora.hub.HubException if the hub does not have it, or denies access
   */
  public ModelOutline outline(Configuration hadoop) {
    if (LocalPath.isElsewhere(name)) {
      return ModelOutline.of(this, HadoopFolder.remote(this, hadoop));
    }
    return repository(name, revision)
        .map(found -> ModelOutline.of(this, HubSnapshot.remote(this, found)))
        .orElseGet(() -> ModelOutline.of(local()));
  }

  /**
   * Checks that the local folders in a user's settings exist; names of other file systems and
   * possible repositories of the hub are not checked.
   *
   * @throws ConfigException for the first that is not a folder
   */
  public static void requireFolders(Settings settings) {
    for (Flag<String> flag : FLAGS) {
      if (settings.isGiven(flag)) {
        required(settings, flag).requireFolder();
      }
    }
  }

  private void requireFolder() {
    if (LocalPath.isElsewhere(name) || repository(name, revision).isPresent()) {
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
                flag.endsWith(Flags.MODEL_NAME_OR_PATH.name())
                    ? "config.json, model.safetensors and tokenizer.json"
                    : "adapter_config.json and adapter_model.safetensors"));
  }

  /** The absolute name of the folder, which does not exist if this is a repository of the hub. */
  public String place() {
    return LocalPath.qualified(flag, name);
  }

  private LocalFolder local() {
    return LocalFolder.of(this, LocalPath.of(flag, name));
  }

  /** The repository of the hub that a name means, unless a local file or folder has this name. */
  private static Optional<HubReference> repository(String name, String revision) {
    return LocalPath.isElsewhere(name) || Files.exists(Path.of(name))
        ? Optional.empty()
        : HubReference.of(HubRepo.Type.MODEL, name, revision);
  }

  /** The local folder with all files of the model, for commands without a cluster. */
  public Path folder() {
    return folder(HadoopSettings.configuration());
  }

  /**
   * The folder of this node with all files of the model, fetched if necessary. Unlike {@link
   * #locate} it does not read a local folder's files.
   */
  public Path folder(Configuration hadoop) {
    return elsewhere(hadoop, ModelSource.Part.WHOLE).orElseGet(this::local).folder();
  }
}
