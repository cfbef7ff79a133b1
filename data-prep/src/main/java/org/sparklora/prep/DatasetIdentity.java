package org.sparklora.prep;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;

/**
 * The identity of the datasets of a job, for its manifest.
 *
 * @param fingerprint SHA-256 of the data files' paths, sizes and versions, or of {@code table}, or
 *     of {@code sources}
 * @param table {@link DatasetInput#origin} of a dataset alone
 * @param sources of a mixture: for each dataset its name, its fingerprint, and its origin
 */
public record DatasetIdentity(
    @JsonProperty("dataset_fingerprint") String fingerprint,
    Map<String, Object> table,
    @JsonInclude(JsonInclude.Include.NON_EMPTY) List<Map<String, Object>> sources) {

  /** Reads the present state of the files and tables. */
  public static DatasetIdentity of(
      Configuration configuration, Mixture mixture, List<DatasetInput> inputs) {
    if (mixture.isNone()) {
      DatasetInput alone = inputs.get(0);
      return new DatasetIdentity(alone.fingerprint(configuration), alone.origin(), List.of());
    }
    List<Map<String, Object>> sources = new ArrayList<>();
    for (DatasetInput input : inputs) {
      Map<String, Object> source = new LinkedHashMap<>();
      source.put("source", mixture.names().get(sources.size()));
      source.put("dataset_fingerprint", input.fingerprint(configuration));
      source.putAll(input.origin());
      sources.add(source);
    }
    return new DatasetIdentity(
        DatasetFingerprint.of(Map.of("sources", sources)), Map.of(), sources);
  }
}
