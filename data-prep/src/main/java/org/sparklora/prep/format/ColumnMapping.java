package org.sparklora.prep.format;

import java.io.Serializable;

/**
 * Names of the columns, for datasets that use other names: {@code --dataset_text_field}, {@code
 * --messages_column}, {@code --prompt_column}, {@code --completion_column}.
 */
public record ColumnMapping(String text, String messages, String prompt, String completion)
    implements Serializable {

  /** TRL's names. */
  public static ColumnMapping defaults() {
    return new ColumnMapping("text", "messages", "prompt", "completion");
  }
}
