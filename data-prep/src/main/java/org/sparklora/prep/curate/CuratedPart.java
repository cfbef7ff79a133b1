package org.sparklora.prep.curate;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.prep.DatasetInput;
import org.sparklora.prep.Mixture;

/**
 * A dataset that {@code curate} reads: the only one, or one of a mixture. Weights, limits and rows
 * that are held out are left to the command that reads the result.
 */
record CuratedPart(Mixture.Part part, DatasetInput rows, RowText text) {
  /** A number as a text spells it. */
  static final Pattern NUMBER = Pattern.compile("-?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d+)?");

  /** Keys of a mixture's file that have taken effect. */
  private static final Set<String> DONE =
      Set.of("name", "split", "revision", "format", "order", "filter", "columns");

  /** Recognises a dataset; refuses one that does not fit the settings. */
  static CuratedPart of(
      Configuration hadoop, CurateConfig config, Mixture.Part part, DatasetInput rows) {
    OutputFolder.requireApart(hadoop, config.outputFolder(), rows.places());
    Map<String, Object> sample = part.of(rows.sample(hadoop));
    String score = config.scoreColumn();
    ConfigException.require(
        score.isEmpty() || sample.containsKey(score),
        Flags.SCORE_COLUMN,
        score,
        "the dataset has no such column but " + String.join(", ", sample.keySet()));
    return new CuratedPart(part, rows, RowText.recognise(part.source(), sample));
  }

  /** The recognised format, for logs and the manifest. */
  String format() {
    return text.format().description();
  }

  /** The folder of a mixture's dataset, below the folders of the output. */
  String folder(int number) {
    String name = part.source().dataset().replaceFirst(".*/(?=.)", "");
    return "/%s-%s".formatted(number, name.replaceAll("[^\\w.-]", "_"));
  }

  /** The predicates that its rows must fulfil: its own, and that of all datasets. */
  List<String> filters(CurateConfig.Steps steps) {
    return Stream.of(part.filter(), steps.filter()).filter(filter -> !filter.isEmpty()).toList();
  }

  /** The columns that are taken of all columns of its files. */
  MessageType taken(MessageType all) {
    List<Type> fields = new ArrayList<>(all.getFields());
    fields.removeIf(
        field -> !part.columns().isEmpty() && !part.columns().contains(field.getName()));
    return new MessageType(all.getName(), fields);
  }

  /** The file of {@code --datasets} for the result: that of {@code mixture} with new paths. */
  static Map<String, Object> file(Mixture mixture, List<CuratedPart> parts, String output) {
    List<Map<String, Object>> datasets = new ArrayList<>();
    for (Object entry : (List<?>) mixture.settings().get(Flags.DATASETS.name())) {
      Map<String, Object> dataset = new LinkedHashMap<>();
      ((Map<?, ?>) entry).forEach((key, value) -> dataset.put(String.valueOf(key), typed(value)));
      dataset.keySet().removeAll(DONE);
      int number = datasets.size();
      dataset.put("path", output + "/" + CurateManifest.DATA + parts.get(number).folder(number));
      datasets.add(dataset);
    }
    Map<String, Object> file = new LinkedHashMap<>(mixture.settings());
    file.replaceAll((key, value) -> typed(value));
    file.put(Flags.DATASETS.name(), datasets);
    return file;
  }

  /** The number that a text spells, else the value itself: YAML values are kept as written. */
  private static Object typed(Object written) {
    return written instanceof String text && NUMBER.matcher(text).matches()
        ? new BigDecimal(text)
        : written;
  }
}
