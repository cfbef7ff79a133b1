package org.sparklora.model.generate;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;

/**
 * The tokens that end a completion: the tokenizer's end token and all that {@code
 * generation_config.json} names under {@code eos_token_id}, as in TRL. Without that file, {@code
 * config.json} names them, as in transformers.
 */
public final class EndTokens {
  private static final String GENERATION_CONFIG = "generation_config.json";
  private static final String CONFIG = "config.json";
  private static final String EOS = "eos_token_id";

  private EndTokens() {}

  /**
   * The end tokens of a checkpoint.
   *
   * @throws IllegalArgumentException if it names none: no completion would end before its largest
   *     length
   */
  public static Set<Integer> of(Path checkpointFolder, Tokenizer tokenizer) throws IOException {
    Set<Integer> tokens = new TreeSet<>();
    OptionalInt own = tokenizer.eosId();
    own.ifPresent(tokens::add);
    Path file = checkpointFolder.resolve(GENERATION_CONFIG);
    if (!JsonFile.isThere(file)) {
      file = checkpointFolder.resolve(CONFIG);
    }
    if (JsonFile.isThere(file)) {
      int last = lastToken(checkpointFolder.resolve(CONFIG));
      tokens.addAll(JsonFields.of(file, JsonFile.read(file)).wholes(EOS, 0, last));
    }
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot tell when a completion of %s ends: neither tokenizer_config.json has an eos_token nor %s an %s; add one, or generate with --ignore_eos"
              .formatted(checkpointFolder, GENERATION_CONFIG, EOS));
    }
    return Set.copyOf(tokens);
  }

  /** The largest token id of the model. */
  private static int lastToken(Path config) throws IOException {
    Optional<ObjectNode> json = JsonFile.readIfThere(config);
    return json.isPresent()
        ? JsonFields.of(config, json.get())
                .whole("vocab_size", 1, Integer.MAX_VALUE)
                .orElse(Integer.MAX_VALUE)
            - 1
        : Integer.MAX_VALUE;
  }
}
