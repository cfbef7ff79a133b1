package org.sparklora.model.checkpoint;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashSet;
import java.util.List;
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
    JsonFields config = JsonFields.readIfThere(checkpointFolder.resolve(CheckpointFolder.CONFIG));
    int vocabSize = config.whole("vocab_size", 1, Integer.MAX_VALUE).orElse(Integer.MAX_VALUE);
    named(checkpointFolder, config).stream()
        .filter(id -> id >= 0 && id < vocabSize)
        .forEach(tokens::add);
    if (tokens.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot tell when a completion of %s ends: neither tokenizer_config.json has an eos_token nor %s an %s within the vocabulary; add one, or generate with --ignore_eos"
              .formatted(checkpointFolder, CheckpointWriter.GENERATION_CONFIG, EOS));
    }
    return Set.copyOf(tokens);
  }

  private static List<Integer> named(Path folder, JsonFields config) throws IOException {
    Path file = folder.resolve(CheckpointWriter.GENERATION_CONFIG);
    JsonFields naming = JsonFile.isThere(file) ? JsonFields.read(file) : config;
    return naming.wholes(EOS, Integer.MIN_VALUE, Integer.MAX_VALUE);
  }

  /** Names an end token in config.json, and before others in generation_config.json, as in TRL. */
  public static void put(Path folder, int token) throws IOException {
    Path configFile = folder.resolve(CheckpointFolder.CONFIG);
    ObjectNode config = JsonFile.read(configFile);
    Set<Integer> ends = new LinkedHashSet<>(List.of(token));
    ends.addAll(named(folder, JsonFields.of(configFile, config)));
    Path file = folder.resolve(CheckpointWriter.GENERATION_CONFIG);
    ObjectNode generation = JsonFile.readIfThere(file).orElseGet(JsonFile::newObject);
    ArrayNode list = generation.putArray(EOS);
    ends.forEach(list::add);
    JsonFile.write(file, generation);
    JsonFile.write(configFile, config.put(EOS, token));
  }
}
