package org.sparklora.model.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.sparklora.model.checkpoint.JsonFile;
import org.sparklora.model.text.Tokenizer;

/**
 * The tokens that end a completion: the tokenizer's end token and all that {@code
 * generation_config.json} names under {@code eos_token_id}, as in TRL. Where there is no such file,
 * transformers takes what {@code config.json} names.
 */
public final class EndTokens {
  private static final String GENERATION_CONFIG = "generation_config.json";
  private static final String CONFIG = "config.json";
  private static final String EOS = "eos_token_id";

  private EndTokens() {}

  /**
   * The end tokens of a checkpoint.
   *
   * @throws IllegalArgumentException if it names none: then no completion would ever end by itself
   */
  public static Set<Integer> of(Path checkpointFolder, Tokenizer tokenizer) throws IOException {
    Set<Integer> tokens = new TreeSet<>();
    OptionalInt own = tokenizer.eosId();
    own.ifPresent(tokens::add);
    Path file = checkpointFolder.resolve(GENERATION_CONFIG);
    if (!Files.isRegularFile(file)) {
      file = checkpointFolder.resolve(CONFIG);
    }
    if (Files.isRegularFile(file)) {
      var named = JsonFile.read(file).path(EOS);
      if (named.isInt()) {
        tokens.add(named.intValue());
      }
      named.forEach(token -> tokens.add(token.intValue())); // a list
    }
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot tell when a completion of %s ends: neither tokenizer_config.json has an eos_token nor %s an %s; add one, or generate with --ignore_eos"
              .formatted(checkpointFolder, GENERATION_CONFIG, EOS));
    }
    return Set.copyOf(tokens);
  }
}
