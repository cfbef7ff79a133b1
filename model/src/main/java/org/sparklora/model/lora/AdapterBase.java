package org.sparklora.model.lora;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.text.json.CheckpointException;

/**
 * The model under an adapter. A model and its instruction-tuned variant have equal shapes, but an
 * adapter on the wrong one gives fluent nonsense.
 *
 * @param name the user's name of the model; {@code base_model_name_or_path} of an adapter
 * @param fingerprint of the weights; the empty string if an adapter records none, as PEFT's
 */
public record AdapterBase(String name, String fingerprint) {
  /** The base model in a local folder. */
  public static AdapterBase of(String name, Path checkpoint) throws IOException {
    try (CheckpointFolder folder = CheckpointFolder.open(checkpoint)) {
      return new AdapterBase(name, folder.fingerprint());
    }
  }

  /**
   * Compares this model with the one that an adapter, to be applied to it, was trained on.
   *
   * @return a warning if fingerprint and names do not show that both are the same model: a copy may
   *     have another name
   * @throws CheckpointException if their weights differ
   */
  Optional<String> mismatch(AdapterBase trainedOn, Path adapter) {
    boolean known = !trainedOn.fingerprint.isEmpty();
    if (known && !trainedOn.fingerprint.equals(fingerprint)) {
      throw new CheckpointException(
          "Cannot apply the adapter %s to %s: it was trained on %s, which has other weights (fingerprint %s, not %s); give the model it was trained on",
          adapter, name, trainedOn.name, trainedOn.fingerprint, fingerprint);
    }
    return known || trainedOn.name.isEmpty() || isSameName(name, trainedOn.name)
        ? Optional.empty()
        : Optional.of(
            "The adapter %s says it was trained on %s, and is applied to %s: unless these are the same model, what comes out is neither's; give the model it was trained on"
                .formatted(adapter, trainedOn.name, name));
  }

  private static boolean isSameName(String one, String other) {
    try {
      return plain(one).equals(plain(other)) || Files.isSameFile(Path.of(one), Path.of(other));
    } catch (IOException | InvalidPathException e) {
      return false; // not local folders
    }
  }

  /** The name without a revision and without slashes at the end. */
  private static String plain(String name) {
    return name.replaceFirst("@[^@/]*$", "").replaceFirst("/+$", "");
  }
}
