package org.sparklora.spark.run;

import java.util.function.Supplier;
import org.sparklora.model.config.InvalidSetting;
import org.sparklora.pipeline.config.ConfigException;

/** Creates records of the module {@code model} from a user's settings. */
public final class ModelSettings {
  private ModelSettings() {}

  /**
   * The record that the supplier creates.
   *
   * @throws ConfigException in place of the record's {@link InvalidSetting}, so that the message
   *     names the place of the setting
   */
  public static <T> T of(Supplier<T> record) {
    try {
      return record.get();
    } catch (InvalidSetting e) {
      throw new ConfigException(e.key(), e.value(), e.remedy());
    }
  }
}
