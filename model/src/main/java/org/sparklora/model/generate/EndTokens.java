package org.sparklora.model.generate;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;

/**
 * The tokens that end a completion: the tokenizer's end token and all that {@code
 * generation_config.json} names under {@code eos_token_id}, as in TRL. Without that file, {@code
 * config.json} names them, as in transformers. Ids outside the vocabulary, which no completion can
 * contain, are left out: small models keep a default of transformers' configuration classes.
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
    tokenizer.eosId().ifPresent(tokens::add);
    Path file = checkpointFolder.resolve(GENERATION_CONFIG);
    JsonFields config = JsonFields.readIfThere(checkpointFolder.resolve(CONFIG));
    JsonFields named = JsonFile.isThere(file) ? JsonFields.read(file) : config;
    int vocabSize = config.whole("vocab_size", 1, Integer.MAX_VALUE).orElse(Integer.MAX_VALUE);
    named.wholes(EOS, Integer.MIN_VALUE, Integer.MAX_VALUE).stream()
        .filter(id -> id >= 0 && id < vocabSize)
        .forEach(tokens::add);
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot tell when a completion of %s ends: neither tokenizer_config.json has an eos_token nor %s an %s within the vocabulary; add one, or generate with --ignore_eos"
              .formatted(checkpointFolder, GENERATION_CONFIG, EOS));
    }
    return Set.copyOf(tokens);
  }
}
