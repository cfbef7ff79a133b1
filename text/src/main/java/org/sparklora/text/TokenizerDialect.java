package org.sparklora.text;

import java.util.Locale;

/** The rules by which {@code tokenizer.json} is read. */
public enum TokenizerDialect {
  /** The file alone, as the tokenizers library reads it. */
  FILE,

  /**
   * {@code AutoTokenizer} of transformers 5.24: some classes keep little more of the file than its
   * vocabulary and merges, and cut text by a pattern of their own.
   */
  TRANSFORMERS;

  /** The name as the user writes it. */
  public String flag() {
    return name().toLowerCase(Locale.ROOT);
  }
}
