package org.sparklora.prep;

import java.io.Serializable;
import java.util.Map;

/** Settings of a table to prepare; one record for each kind of row. */
public sealed interface TableConfig<C extends TableCounts> extends Serializable
    permits PrepConfig, PromptsConfig {
  TableKind<C> kind();

  PrepConfig.Source source();

  TableConfig<C> of(PrepConfig.Source source);

  PrepConfig.Model model();

  String outputFolder();

  boolean overwrite();

  /**
   * The settings that decide the table's contents, under the user's names; the manifest keeps them.
   */
  Map<String, Object> settings();

  /**
   * The kind of row that this dataset's rows become.
   *
   * @param sample by column its first non-null value, or null
   * @throws org.sparklora.pipeline.config.ConfigException if this kind of table cannot be made of
   *     these columns
   */
  RowKind<C> rows(Map<String, Object> sample);
}
