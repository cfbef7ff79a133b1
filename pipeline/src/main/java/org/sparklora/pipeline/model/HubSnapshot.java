package org.sparklora.pipeline.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.sparklora.hub.HubClient;
import org.sparklora.hub.HubFile;
import org.sparklora.hub.HubReference;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.TransferListener;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.Progress;

/**
 * A repository of the hub at a commit that the driver looked up, so that all nodes have the same
 * files. Each node fetches missing files into its own cache, with its own token: no token is
 * serialized.
 *
 * @param endpoint the driver's hub
 */
record HubSnapshot(
    ModelReference reference, HubRepo repo, String commit, Part part, String endpoint)
    implements ModelSource {
  static HubSnapshot locate(ModelReference reference, HubReference named, Part part) {
    HubSnapshot found = find(reference, named, part);
    found.folder(); // the driver reads the files anyway, and must report missing ones
    return found;
  }

  private static HubSnapshot find(ModelReference reference, HubReference named, Part part) {
    HubClient client = HubClient.shared();
    String commit = client.commit(named.repo(), named.revision());
    String endpoint = client.config().endpoint().toString();
    return new HubSnapshot(reference, named.repo(), commit, part, endpoint);
  }

  /** Access to parts of the files: caches settings, fetches requested parts of weights. */
  static ModelOutline.Remote remote(ModelReference reference, HubReference named) {
    HubClient client = HubClient.shared();
    HubSnapshot found = find(reference, named, Part.WHOLE);
    HubRepo repo = found.repo();
    String commit = found.commit();
    Path folder =
        client.snapshot(
            repo, commit, file -> ModelFiles.isSettings(file.path()), TransferListener.SILENT);
    List<String> weights = found.weights(client, folder);
    Map<String, HubFile> files =
        client.files(repo, commit).stream()
            .filter(file -> ModelFiles.isText(file.path()) || weights.contains(file.path()))
            .collect(Collectors.toMap(HubFile::path, file -> file));
    Map<String, Long> bytes =
        files.values().stream().collect(Collectors.toMap(HubFile::path, HubFile::bytes));
    return new ModelOutline.Remote(
        bytes,
        (file, count) ->
            ModelFiles.isSettings(file)
                ? Files.readAllBytes(folder.resolve(file))
                : client.front(repo, commit, files.get(file), count),
        ModelOutline.Fetch.of(reference.name(), bytes, folder, client.config().cache()));
  }

  @Override
  public Path folder() {
    return ModelFiles.fetched(this, this::fetch);
  }

  private Path fetch() {
    HubClient client = HubClient.shared(endpoint);
    Predicate<String> wanted = client.config().offline() ? ModelFiles::isRead : ModelFiles::isText;
    Path folder =
        client.snapshot(repo, commit, file -> wanted.test(file.path()), Progress.ofTransfer());
    if (part == Part.WHOLE) {
      List<String> weights = weights(client, folder);
      client.snapshot(repo, commit, file -> weights.contains(file.path()), Progress.ofTransfer());
    }
    return folder;
  }

  /**
   * @param folder the local folder of the text files, with the index if the repository has one
   */
  private List<String> weights(HubClient client, Path folder) {
    Set<String> there =
        client.files(repo, commit).stream()
            .filter(HubFile::isAtRoot)
            .map(HubFile::path)
            .collect(Collectors.toSet());
    try {
      List<String> weights =
          ModelFiles.weights(there, index -> Files.newInputStream(folder.resolve(index)));
      ConfigException.require(
          !weights.isEmpty(),
          reference.flag(),
          name(),
          "this repository has no weights in safetensors; name one that has model.safetensors or"
              + " adapter_model.safetensors");
      return weights;
    } catch (IOException e) {
      throw new ConfigException(reference.flag(), name(), "it cannot be read: " + e.getMessage());
    }
  }
}
