package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import org.sparklora.text.bpe.TokenizerPipeline;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;

/**
 * A checkpoint's tokenizer: encodes text to ids and decodes ids to text.
 *
 * <p>{@code tokenizer.json} alone decides how text is cut and which special tokens frame it, as in
 * the tokenizers library and in most classes of transformers 5; with {@link
 * TokenizerDialect#TRANSFORMERS}, the class that {@code AutoTokenizer} chooses decides. As in
 * transformers, {@code add_bos_token} and {@code add_eos_token} of tokenizer_config.json are
 * ignored. The names of the special tokens come from tokenizer_config.json.
 *
 * <p>A lone surrogate in a text counts as U+FFFD. Immutable and thread-safe.
 */
public final class Tokenizer {
  private static final String FILE = "tokenizer.json";

  private final TokenizerPipeline pipeline;
  private final SpecialTokens specialTokens;
  private final String fingerprint;

  private Tokenizer(TokenizerPipeline pipeline, SpecialTokens specialTokens, String fingerprint) {
    this.pipeline = pipeline;
    this.specialTokens = specialTokens;
    this.fingerprint = fingerprint;
  }

  /**
   * Loads the tokenizer of a checkpoint folder.
   *
   * @throws IllegalArgumentException if the folder has no tokenizer, or a component is not
   *     supported; the message names file and component
   */
  public static Tokenizer load(Path checkpointFolder, TokenizerDialect dialect) {
    Path file = checkpointFolder.resolve(FILE);
    if (!JsonFile.isThere(file)) {
      throw new CheckpointException(
          "Cannot load a tokenizer from %s: there is no tokenizer.json; save it there with tokenizer.save_pretrained",
          checkpointFolder);
    }
    try {
      byte[] json = JsonFile.readBytes(file);
      ObjectNode root = JsonFile.parse(json, file.toString());
      SpecialTokens specialTokens = SpecialTokens.read(checkpointFolder);
      if (dialect == TokenizerDialect.TRANSFORMERS) {
        var rebuilt = RebuiltTokenizer.rebuild(checkpointFolder, root, specialTokens);
        specialTokens = rebuilt.specialTokens();
        json = rebuilt.changed() ? root.toString().getBytes(StandardCharsets.UTF_8) : json;
      }
      var pipeline = new TokenizerPipeline(JsonFields.of(file, root), specialTokens.all());
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      sha.update(json);
      for (String token : pipeline.foundByOtherFiles()) {
        sha.update((token + "\0").getBytes(StandardCharsets.UTF_8));
      }
      return new Tokenizer(pipeline, specialTokens, HexFormat.of().formatHex(sha.digest()));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read %s: %s".formatted(file, e.getMessage()), e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("Every Java platform has SHA-256", e);
    }
  }

  /** The tokens of a text, framed with the special tokens that the tokenizer puts around a text. */
  public int[] encode(String text) {
    return encode(text, true);
  }

  /**
   * The tokens of a text.
   *
   * @param addSpecialTokens whether to add the special tokens around the text; false for text that
   *     a chat template rendered
   * @throws IllegalArgumentException if a piece has more than 2,097,152 characters, or a regular
   *     expression of the tokenizer recurses too deeply
   */
  public int[] encode(String text, boolean addSpecialTokens) {
    return pipeline.encode(text, addSpecialTokens, false)[0];
  }

  /** The tokens of a text with their positions in the text. */
  public Encoding encodeWithOffsets(String text, boolean addSpecialTokens) {
    int[][] columns = pipeline.encode(text, addSpecialTokens, true);
    return new Encoding(columns[0], columns[1], columns[2]);
  }

  /**
   * Decodes tokens to text. Invalid UTF-8 becomes U+FFFD; ids without a token are left out.
   *
   * @param skipSpecialTokens whether to leave out special tokens
   */
  public String decode(int[] ids, boolean skipSpecialTokens) {
    return pipeline.decode(ids, skipSpecialTokens);
  }

  /** The largest token id + 1, of added tokens, too; not each smaller id has a token. */
  public int vocabularySize() {
    return pipeline.size();
  }

  /**
   * The id of a token given as the vocabulary spells it, {@code "Ġthe"} or {@code "<|im_end|>"}.
   */
  public OptionalInt idOf(String token) {
    int id = pipeline.idOf(token);
    return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
  }

  /** Special tokens of another checkpoint's tokenizer.json that this tokenizer lacks. */
  public List<String> lacking(Path checkpointFolder) {
    Path file = checkpointFolder.resolve(FILE);
    try {
      List<String> lacking = new ArrayList<>();
      for (JsonNode token : JsonFields.readIfThere(file).json().path("added_tokens")) {
        String content = token.path("content").asText();
        if (token.path("special").asBoolean() && idOf(content).isEmpty()) {
          lacking.add(content);
        }
      }
      return lacking;
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read %s: %s".formatted(file, e.getMessage()), e);
    }
  }

  /**
   * The special tokens that have names, as a template sees them: {@code eos_token}, {@code
   * bos_token}, a model's own {@code image_token}; unmodifiable.
   */
  public Map<String, String> specialTokens() {
    return specialTokens.byName();
  }

  /** The token that ends a sequence or an answer, if the checkpoint names one. */
  public Optional<String> eosToken() {
    return specialTokens.named("eos_token");
  }

  /** The id of the token that fills up short rows, if the checkpoint names one. */
  public OptionalInt padId() {
    return specialTokens.named("pad_token").map(this::idOf).orElse(OptionalInt.empty());
  }

  /** The id of {@link #eosToken}. */
  public OptionalInt eosId() {
    return eosToken().map(this::idOf).orElse(OptionalInt.empty());
  }

  /**
   * SHA-256 in hexadecimal of tokenizer.json, or of the file as {@link
   * TokenizerDialect#TRANSFORMERS} rewrites it, and of the special tokens that other files add to
   * it, if any. Tokenizers with equal fingerprints give equal ids.
   */
  public String fingerprint() {
    return fingerprint;
  }
}
