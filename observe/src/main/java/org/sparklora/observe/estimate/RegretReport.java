package org.sparklora.observe.estimate;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import org.sparklora.model.lora.LoraConfig;

/**
 * The findings on a run in the order of the guide, as text for a terminal and as {@code
 * regret.json}.
 *
 * @param title the run in a few words
 */
public record RegretReport(@JsonProperty("run") String title, List<Finding> findings) {
  public static final String FILE_NAME = "regret.json";

  public RegretReport {
    findings = List.copyOf(findings);
  }

  /**
   * A short description of the training, such as {@code LoRA of rank 16 on BASE}.
   *
   * @param checkpoint the base model's name or folder
   * @param lora empty for all weights
   */
  public static String title(String checkpoint, Optional<LoraConfig> lora) {
    Path folder = Path.of(checkpoint).getFileName();
    return lora.map(adapter -> "LoRA of rank %s on %s".formatted(adapter.rank(), folder))
        .orElse("full fine-tuning of " + folder);
  }

  /** The report before the run. */
  public static RegretReport of(String title, PlannedRun run, MachineMemory machine) {
    List<Finding> findings = new ArrayList<>(List.of(LayerFinding.of(run)));
    findings.addAll(LearningFindings.of(run));
    findings.addAll(CostFindings.of(run, machine));
    return new RegretReport(title, findings);
  }

  /**
   * The reason to refuse a run that needs more than this machine's total memory. Never refuses on a
   * cluster, since not every cluster manager enforces an executor's memory.
   */
  public static Optional<String> refusal(PlannedRun run, MachineMemory machine) {
    TrainingMemory memory = TrainingMemory.of(run);
    return machine.grantor() == MachineMemory.Grantor.THIS_MACHINE
            && memory.total() > machine.total()
        ? Optional.of(CostFindings.shortage(run, memory, machine))
        : Optional.empty();
  }

  /** This report with another finding at the end. */
  public RegretReport with(Finding finding) {
    List<Finding> longer = new ArrayList<>(findings);
    longer.add(finding);
    return new RegretReport(title, longer);
  }

  /** This report with a finding in place of the one with its name, or else at the end. */
  public RegretReport replacing(Finding finding) {
    List<Finding> replaced = new ArrayList<>(findings);
    replaced.replaceAll(one -> one.name().equals(finding.name()) ? finding : one);
    return replaced.contains(finding) ? new RegretReport(title, replaced) : with(finding);
  }

  /** Two lines per finding: verdict, name and figure; advice and sources. */
  public String toText() {
    int names = findings.stream().mapToInt(finding -> finding.name().length()).max().orElse(0);
    String first = "  %%-7s  %%-%ss  %%s%%n".formatted(names);
    String second = "  %7s  %" + Math.max(1, names) + "s  %s [%s]%n";
    StringBuilder text = new StringBuilder("Regret report: %s%n".formatted(title));
    for (Finding finding : findings) {
      String verdict = finding.verdict().word();
      String sources =
          finding.sources().stream().map(Source::shortName).collect(Collectors.joining(", "));
      text.append(String.format(Locale.ROOT, first, verdict, finding.name(), finding.figure()));
      text.append(String.format(Locale.ROOT, second, "", "", finding.advice(), sources));
    }
    return text.toString();
  }

  /** The text of {@code regret.json}. */
  public String toJson() {
    return new ObjectMapper().valueToTree(this).toPrettyString() + "\n";
  }
}
