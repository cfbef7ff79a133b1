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

  private SweepReport(SweepFile file, Study study, String model) {
    this.file = file;
    this.study = study;
    this.model = model;
    this.findings = Findings.of(file, study);
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
    return report.text(name);
  }

  private String text(String folder) {
    StringBuilder text = new StringBuilder();
    findings.verdicts().forEach(verdict -> text.append(verdict.text()).append('\n'));
    return text.append(counts())
        .append('\n')
        .append(folder)
        .append('/')
        .append(PAGE)
        .append('\n')
        .toString();
  }

  private String counts() {
    Map<String, Object> counts = states();
    return counts.entrySet().stream()
        .map(entry -> entry.getValue() + " " + entry.getKey())
        .collect(Collectors.joining(", ", "trials: ", ""));
  }

  private Map<String, Object> states() {
    Map<String, Object> states = new LinkedHashMap<>();
    for (TrialOutcome.State state : TrialOutcome.State.values()) {
      states.put(
          state.name().toLowerCase(Locale.ROOT),
          study.measured().stream().filter(one -> one.outcome().state() == state).count());
    }
    return states;
  }

  /** The trials of one setting, which differ only in seed. */
  private record Group(List<Study.Measured> trials) {
    Trial first() {
      return trials.get(0).trial();
    }
  }

  private List<Group> groups() {
    return study.measured().stream()
        .collect(
            Collectors.groupingBy(
                one -> one.trial().setting(), LinkedHashMap::new, Collectors.toList()))
        .values()
        .stream()
        .map(Group::new)
        .toList();
  }

  private double mean(Group group) {
    return group.trials().stream().mapToDouble(study::metric).average().orElse(Double.NaN);
  }

  /** The sample standard deviation of a group; NaN for a single value. */
  private double deviation(Group group) {
    double mean = mean(group);
    int count = group.trials().size();
    double squares =
        group.trials().stream().mapToDouble(one -> Math.pow(study.metric(one) - mean, 2)).sum();
    return count < 2 ? Double.NaN : Math.sqrt(squares / (count - 1));
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
    results.put("seeds", study.seeds());
    results.put("trials", states());
    results.put("verdicts", findings.verdicts().stream().map(Conclusion::numbers).toList());
    results.putAll(findings.numbers());
    results.put("settings", groups().stream().map(this::numbers).toList());
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

  private Map<String, Object> numbers(Group group) {
    Map<String, Object> numbers = new LinkedHashMap<>();
    numbers.put("values", group.first().setting());
    numbers.put("labels", group.first().labels());
    numbers.put("mean", Conclusion.finite(mean(group)));
    numbers.put("deviation", Conclusion.finite(deviation(group)));
    List<Map<String, Object>> trials = new ArrayList<>();
    for (Study.Measured one : group.trials()) {
      Map<String, Object> trial = new LinkedHashMap<>();
      trial.put("trial", one.trial().name());
      trial.put("seed", one.trial().seed());
      trial.put("state", one.outcome().state().name().toLowerCase(Locale.ROOT));
      trial.put("reason", one.outcome().reason());
      trial.put("step", one.outcome().step());
      trial.put(
          "metric", Conclusion.finite(one.outcome().metric(study.metric(), Integer.MAX_VALUE)));
      trials.add(trial);
    }
    numbers.put("trials", trials);
    return numbers;
  }

  private String html(List<byte[]> pngs) {
    List<String> lead = new ArrayList<>();
    if (!file.claim().isEmpty()) {
      lead.add("Claim: %s (%s)".formatted(file.claim(), file.source()));
    }
    findings.verdicts().forEach(verdict -> lead.add(verdict.text()));
    lead.add(counts());
    List<Group> groups = groups();
    List<String> head = new ArrayList<>(List.of("setting"));
    List<String> flags =
        groups.isEmpty() ? List.of() : List.copyOf(groups.get(0).first().setting().keySet());
    head.addAll(flags);
    head.addAll(List.of(study.metric().name(), "deviation", "trials"));
    return new FigurePage(
            file.finding() == FindingKind.NONE ? "Sweep" : "Sweep: " + file.finding().key(),
            lead,
            pngs,
            "Settings",
            head,
            groups.stream().map(group -> row(group, flags)).toList())
        .html();
  }

  private List<String> row(Group group, List<String> flags) {
    List<String> cells = new ArrayList<>();
    cells.add(String.join(", ", group.first().labels()));
    flags.forEach(flag -> cells.add(group.first().setting().getOrDefault(flag, "")));
    cells.add(shown(mean(group)));
    cells.add(shown(deviation(group)));
    cells.add(
        group.trials().stream()
            .map(one -> one.outcome().state().name().toLowerCase(Locale.ROOT))
            .collect(
                Collectors.groupingBy(state -> state, LinkedHashMap::new, Collectors.counting()))
            .entrySet()
            .stream()
            .map(entry -> entry.getValue() + " " + entry.getKey())
            .collect(Collectors.joining(", ")));
    return cells;
  }

  private static String shown(double value) {
    return Double.isFinite(value) ? String.format(Locale.ROOT, "%.4g", value) : "–";
  }
}
