package org.sparklora.pipeline.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.hub.HubClient;
import org.sparklora.pipeline.hub.HubFile;
import org.sparklora.pipeline.hub.HubProgress;
import org.sparklora.pipeline.hub.HubReference;
import org.sparklora.pipeline.hub.HubRepo;

/**
 * A repository of the hub at a commit, which the driver has looked up, so that all machines have
 * the same files. Each fetches those it lacks into its own cache, with its own token: none travels.
 *
 * @param name how the user named it
 * @param repo the repository
 * @param commit of it
 * @param part which files are wanted
 * @param endpoint the driver's hub
 */
record HubSnapshot(String name, HubRepo repo, String commit, Part part, String endpoint)
    implements ModelSource {
  private static final Map<HubSnapshot, Path> FETCHED = new ConcurrentHashMap<>();

  static HubSnapshot locate(String name, HubReference reference, Part part) {
    HubClient client = HubClient.shared();
    String commit = client.commit(reference.repo(), reference.revision());
    String endpoint = client.config().endpoint().toString();
    HubSnapshot found = new HubSnapshot(name, reference.repo(), commit, part, endpoint);
    found.folder(); // the driver reads it anyway, and a missing file should show here
    return found;
  }

  @Override
  public Path folder() {
    return FETCHED.computeIfAbsent(this, HubSnapshot::fetch);
  }

  private Path fetch() {
    HubClient client = HubClient.shared(endpoint);
    Path folder = client.snapshot(repo, commit, ModelFiles::isText, new HubProgress());
    if (part == Part.WHOLE) {
      Set<String> there =
          client.files(repo, commit).stream()
              .filter(HubFile::isAtRoot)
              .map(HubFile::path)
              .collect(Collectors.toSet());
      List<String> weights = weights(folder, there);
      client.snapshot(repo, commit, file -> weights.contains(file.path()), new HubProgress());
    }
    return folder;
  }

  private List<String> weights(Path folder, Set<String> there) {
    try {
      List<String> weights =
          ModelFiles.weights(there, index -> Files.newInputStream(folder.resolve(index)));
      ConfigException.require(
          !weights.isEmpty(),
          "model_name_or_path",
          name,
          "this repository has no weights in safetensors; name one that has model.safetensors or adapter_model.safetensors");
      return weights;
    } catch (IOException e) {
      throw new ConfigException("model_name_or_path", name, "it cannot be read: " + e.getMessage());
    }
  }
}
