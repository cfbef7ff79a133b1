package org.sparklora.text;

import java.util.Locale;

/** Who decides how {@code tokenizer.json} is read. */
public enum TokenizerDialect {
  /** The file alone, as the tokenizers library reads it. */
  FILE,

  /**
   * {@code AutoTokenizer} of transformers 5.24: some classes keep of the file little more than its
   * vocabulary and cut text by a pattern of their own.
   */
  TRANSFORMERS;

  /** The name as the user writes it. */
  public String flag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
