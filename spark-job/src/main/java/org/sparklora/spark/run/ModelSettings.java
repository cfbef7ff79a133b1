package org.sparklora.spark.run;

import java.util.function.Supplier;
import org.sparklora.model.config.InvalidSetting;
import org.sparklora.pipeline.config.ConfigException;

/** Records of the module {@code model} that are made of a user's settings. */
public final class ModelSettings {
  private ModelSettings() {}

  /**
   * What {@code record} makes.
   *
   * @throws ConfigException in place of the record's own refusal, so that the place of the setting
   *     is told too
   */
  public static <T> T of(Supplier<T> record) {
    try {
      return record.get();
    } catch (InvalidSetting e) {
      throw new ConfigException(e.key(), e.value(), e.remedy());
    }
  }
}
