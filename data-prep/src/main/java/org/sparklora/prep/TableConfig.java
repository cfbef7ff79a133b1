package org.sparklora.prep;

import java.io.Serializable;
import java.util.Map;

/** Which table is prepared, and how; one record for each kind of row. */
public sealed interface TableConfig<C extends TableCounts> extends Serializable
    permits PrepConfig, PromptsConfig {
  TableKind<C> kind();

  PrepConfig.Source source();

  PrepConfig.Model model();

  String outputFolder();

  boolean overwrite();

  /**
   * The settings that decide what is in the table, by the user's names; the manifest keeps them.
   */
  Map<String, Object> settings();

  /**
   * What the dataset's rows become.
   *
   * @param sample by column its first value that is not null, or null
   * @throws org.sparklora.pipeline.config.ConfigException if the columns are none that this kind of
   *     table is made of
   */
  RowKind<C> rows(Map<String, Object> sample);
}
