package org.sparklora.prep;

import java.io.Serializable;
import java.util.Map;

/** Settings of a table to prepare; one record for each kind of row. */
public sealed interface TableConfig extends Serializable permits PrepConfig, PromptsConfig {
  TableKind kind();

  PrepConfig.Source source();

  PrepConfig.Model model();

  String outputFolder();

  boolean overwrite();

  /** The settings that decide the contents, under the user's names; the manifest keeps them. */
  Map<String, Object> settings();
}
