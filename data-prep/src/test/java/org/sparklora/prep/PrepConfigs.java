package org.sparklora.prep;

import java.util.Map;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.prep.format.DatasetFormats;
import org.sparklora.prep.format.DatasetFormats.ColumnMapping;
import org.sparklora.prep.pack.PackingStrategy;
import org.sparklora.prep.table.TableQuery;
import org.sparklora.text.TokenizerDialect;

/** Settings of tests: TRL's defaults for all that is not given. */
public final class PrepConfigs {
  private PrepConfigs() {}

  static PrepConfig packed(String modelFolder, String dataset, String outputFolder) {
    return new PrepConfig(
        PrepConfig.Source.of(dataset),
        model(ModelReference.of(modelFolder), "", ""),
        1024,
        PrepConfig.Truncation.KEEP_START,
        packing(false, PackingStrategy.BFD, 0),
        DatasetFormats.Loss.AS_FORMAT_SAYS,
        false,
        outputFolder,
        false);
  }

  static PrepConfig.Model model(ModelReference reference, String template, String eosToken) {
    return new PrepConfig.Model(reference, template, eosToken, TokenizerDialect.FILE, Map.of());
  }

  static PrepConfig.Packing packing(boolean enabled, PackingStrategy strategy, int batchSize) {
    return new PrepConfig.Packing(enabled, strategy, batchSize, false);
  }

  public static PrepConfig.Source source(
      String dataset, PrepConfig.OnBadRows onBadRows, TableQuery query) {
    return new PrepConfig.Source(
        dataset, "", "train", ColumnMapping.USUAL, false, onBadRows, query, Mixture.NONE);
  }
}
