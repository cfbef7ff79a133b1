package org.sparklora.text.bpe;

import java.util.Set;
import java.util.regex.Pattern;
import org.sparklora.text.json.JsonFields;

/**
 * The pre-tokenizer {@code Metaspace} with {@code split: false}: spaces become {@code replacement},
 * which is also put before a text that does not begin with it. It cuts nothing, and rewrites the
 * normalised text between added tokens. Thread-safe.
 *
 * @param scheme {@code always}; {@code first}, for the beginning of the whole text alone; or {@code
 *     never}
 */
record Metaspace(String replacement, String scheme) {
  private static final Set<String> SCHEMES = Set.of("always", "first", "never");
  private static final Pattern SPACE = Pattern.compile(" ");

  /** Reads a pre-tokenizer; another one gives a Metaspace that changes nothing. */
  static Metaspace read(JsonFields json) {
    if (!Components.type(json).equals("Metaspace")) {
      return new Metaspace("", "never");
    }
    if (json.flag("split", true)) {
      throw Components.unsupported(json, "split true");
    }
    String scheme = json.text("prepend_scheme").orElse("always");
    if (!SCHEMES.contains(scheme)) {
      throw Components.unsupported(json, "prepend_scheme " + scheme);
    }
    return new Metaspace(json.text("replacement").orElse("\u2581"), scheme);
  }

  /** Rewrites a text between added tokens; {@code isFirst} if it is the beginning of the whole. */
  AlignedText apply(AlignedText text, boolean isFirst) {
    if (replacement.isEmpty() || text.text().isEmpty()) {
      return text;
    }
    AlignedText replaced = TextNormalizer.replace(SPACE, replacement, text);
    boolean prepends = scheme.equals("always") || scheme.equals("first") && isFirst;
    return prepends && !replaced.text().startsWith(replacement)
        ? TextNormalizer.prepend(replacement, replaced)
        : replaced;
  }
}
