package org.sparklora.text;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;

/**
 * Templates of well-known models, written anew with the assistant's words marked. TRL 1.16 swaps
 * such twins in for {@code assistant_only_loss}; these render the same text as its twins do.
 */
final class TrainingTemplates {
  /** SHA-256 of the template a model is published with → the twin's resource. */
  private static final Map<String, String> TWINS =
      Map.of(
          "a55ee1b1660128b7098723e0abcd92caa0788061051c62d51cbe87d9cf1974d8", "qwen3.jinja",
          "cd8e9439f0570856fd70470bf8889ebd8b5d1107207f67a5efb46e342330527f", "qwen2_5.jinja",
          "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122", "llama3.jinja");

  private TrainingTemplates() {}

  static Optional<String> twinOf(String fingerprint) {
    return Optional.ofNullable(TWINS.get(fingerprint)).map(TrainingTemplates::read);
  }

  private static String read(String name) {
    try (InputStream in = TrainingTemplates.class.getResourceAsStream("training/" + name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the training template " + name, e);
    }
  }
}
