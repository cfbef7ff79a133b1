package org.sparklora.model.config;

/**
 * A settings record refuses a value: names the setting, its value, and what to give instead. This
 * module knows of no files or flags; callers that do add where the setting was written.
 */
public final class InvalidSetting extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final String key;
  private final String value;
  private final String remedy;

  private InvalidSetting(String key, String value, String remedy) {
    super("Cannot use %s = %s: %s".formatted(key, value, remedy));
    this.key = key;
    this.value = value;
    this.remedy = remedy;
  }

  /**
   * Throws unless {@code holds}.
   *
   * @param key the setting as the user writes it, {@code lora_r}
   * @param remedy what the value must be
   */
  public static void require(boolean holds, String key, Object value, String remedy) {
    if (!holds) {
      throw new InvalidSetting(key, String.valueOf(value), remedy);
    }
  }

  public String key() {
    return key;
  }

  public String value() {
    return value;
  }

  public String remedy() {
    return remedy;
  }
}
