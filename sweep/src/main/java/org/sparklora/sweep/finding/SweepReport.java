package org.sparklora.sweep.finding;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.sparklora.observe.report.FigurePage;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.FindingKind;
import org.sparklora.sweep.SweepFile;
import org.sparklora.sweep.SweepFolder;
import org.sparklora.sweep.Trial;
import org.sparklora.sweep.TrialOutcome;

/**
 * Writes the results of a sweep: {@code results.json}, {@code report.html} and the figures as PNG.
 * No file has a time in it, so that the same trials give the same files.
 */
public final class SweepReport {
  static final String RESULTS = "results.json";

  private static final JsonSerializer<Double> AS_TYPED =
      new JsonSerializer<>() {
        @Override
        public void serialize(Double value, JsonGenerator json, SerializerProvider all)
            throws IOException {
          json.writeNumber(Trial.typed(value));
        }
      };
  private static final String PAGE = "report.html";

  private final SweepFile file;
  private final Study study;
  private final String model;
  private final Findings findings;
  private final List<Setting> settings;

  private SweepReport(SweepFile file, Study study, String model) {
    this.file = file;
    this.study = study;
    this.model = model;
    this.findings = Findings.of(file, study);
    this.settings =
        study.measured().stream()
            .collect(
                Collectors.groupingBy(
                    one -> one.trial().setting(), LinkedHashMap::new, Collectors.toList()))
            .values()
            .stream()
            .map(this::setting)
            .toList();
  }

  /**
   * The trials of one setting, which differ only in seed, as {@code results.json} has them.
   *
   * @param mean null if not finite, like the deviation
   */
  private record Setting(
      Map<String, String> values,
      List<String> labels,
      Double mean,
      Double deviation,
      List<Result> trials) {}

  /** A trial of a setting; {@code metric} is null if it has none. */
  private record Result(
      String trial, int seed, String state, String reason, int step, Double metric) {}

  private Setting setting(List<Study.Measured> trials) {
    Trial first = trials.get(0).trial();
    double[] metrics = trials.stream().mapToDouble(study::metric).toArray();
    double mean = Arrays.stream(metrics).average().orElse(Double.NaN);
    double squares = Arrays.stream(metrics).map(metric -> Math.pow(metric - mean, 2)).sum();
    // the sample standard deviation
    double deviation = metrics.length < 2 ? Double.NaN : Math.sqrt(squares / (metrics.length - 1));
    return new Setting(
        first.setting(),
        first.labels(),
        Conclusion.finite(mean),
        Conclusion.finite(deviation),
        trials.stream().map(one -> result(one.trial(), one.outcome())).toList());
  }

  private Result result(Trial trial, TrialOutcome outcome) {
    return new Result(
        trial.name(),
        trial.seed(),
        outcome.state().words(),
        outcome.reason(),
        outcome.step(),
        Conclusion.finite(outcome.metric(study.metric(), TrialOutcome.END)));
  }

  /**
   * Writes all files.
   *
   * @param name path of the folder, for the text
   * @param model the base model's fingerprint; empty if trials have several
   * @return the verdicts, the counts of trials and the path of the page, as text
   */
  public static String write(
      SweepFolder folder, String name, SweepFile file, Study study, String model) {
    SweepReport report = new SweepReport(file, study, model);
    List<byte[]> pngs = report.findings.figures().stream().map(LineFigure::png).toList();
    for (int i = 0; i < pngs.size(); i++) {
      String number = i == 0 ? "" : "-" + (i + 1);
      folder.write("%s%s.png".formatted(file.finding().key(), number), pngs.get(i));
    }
    folder.write(PAGE, report.html(pngs));
    folder.write(RESULTS, report.json()); // last: then all figures exist
    return "%s\n%s/%s\n".formatted(String.join("\n", report.verdicts()), name, PAGE);
  }

  /** The verdicts, then the counts of trials. */
  private List<String> verdicts() {
    List<String> lines = new ArrayList<>();
    findings.verdicts().forEach(verdict -> lines.add(verdict.text()));
    lines.add("trials: " + joined(states()));
    return lines;
  }

  private Map<String, Long> states() {
    Map<String, Long> states = new LinkedHashMap<>();
    for (TrialOutcome.State state : TrialOutcome.State.values()) {
      states.put(
          state.words(),
          study.measured().stream().filter(one -> one.outcome().state() == state).count());
    }
    return states;
  }

  private static String joined(Map<String, Long> counts) {
    return counts.entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", "));
  }

  private String json() {
    Map<String, Object> results = new LinkedHashMap<>();
    results.put("finding", file.finding().key());
    results.put("claim", file.claim());
    results.put("source", file.source());
    results.put("command", file.command());
    results.put("model_fingerprint", model);
    Map<String, Object> metric = new LinkedHashMap<>();
    metric.put("name", study.metric().name());
    metric.put("goal", study.metric().isSmallerBetter() ? "min" : "max");
    metric.put("last", study.metric().last());
    results.put("metric", metric);
    results.put("seeds", study.seeds().stream().map(Trial.Seeds::seed).distinct().toList());
    results.put("trials", states());
    results.put("verdicts", findings.verdicts().stream().map(Conclusion::numbers).toList());
    results.putAll(findings.numbers());
    results.put("settings", settings);
    try {
      return new ObjectMapper()
              .enable(SerializationFeature.INDENT_OUTPUT)
              .registerModule(new SimpleModule().addSerializer(Double.class, AS_TYPED))
              .writeValueAsString(results)
          + "\n";
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private String html(List<byte[]> pngs) {
    List<String> lead = new ArrayList<>();
    if (!file.claim().isEmpty()) {
      lead.add("Claim: %s (%s)".formatted(file.claim(), file.source()));
    }
    lead.addAll(verdicts());
    List<String> flags =
        settings.isEmpty() ? List.of() : List.copyOf(settings.get(0).values().keySet());
    List<String> head = new ArrayList<>(List.of("setting"));
    head.addAll(flags);
    head.addAll(List.of(study.metric().name(), "deviation", "trials"));
    return new FigurePage(
            file.finding() == FindingKind.NONE ? "Sweep" : "Sweep: " + file.finding().key(),
            lead,
            pngs,
            "Settings",
            head,
            settings.stream().map(setting -> row(setting, flags)).toList())
        .html();
  }

  private static List<String> row(Setting setting, List<String> flags) {
    List<String> cells = new ArrayList<>();
    cells.add(String.join(", ", setting.labels()));
    flags.forEach(flag -> cells.add(setting.values().getOrDefault(flag, "")));
    cells.add(shown(setting.mean()));
    cells.add(shown(setting.deviation()));
    cells.add(
        joined(
            setting.trials().stream()
                .collect(
                    Collectors.groupingBy(
                        Result::state, LinkedHashMap::new, Collectors.counting()))));
    return cells;
  }

  private static String shown(Double value) {
    return value == null ? "–" : String.format(Locale.ROOT, "%.4g", value);
  }
}
