package org.sparklora.model.lora;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.text.json.CheckpointException;

/**
 * The model under an adapter. Shapes do not tell a model from its instruction-tuned sibling, and an
 * adapter on the wrong one of them gives fluent nonsense.
 *
 * @param name what its user calls it; {@code base_model_name_or_path} of an adapter
 * @param fingerprint of its weights; the empty string where an adapter does not record one, as
 *     PEFT's do not
 */
public record AdapterBase(String name, String fingerprint) {
  /** Of a model in a folder of this machine. */
  public static AdapterBase of(String name, Path checkpoint) throws IOException {
    try (CheckpointFolder folder = CheckpointFolder.open(checkpoint)) {
      return new AdapterBase(name, folder.fingerprint());
    }
  }

  /**
   * Compares the model that an adapter is to be applied to, which is this one, with the one it says
   * it was trained on.
   *
   * @return a warning, where neither weights nor names show that they are the same: a copy may well
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
      return false; // no folders of this machine
    }
  }

  /** Without a revision and a slash at the end. */
  private static String plain(String name) {
    return name.replaceFirst("@[^@/]*$", "").replaceFirst("/+$", "");
  }
}
