package org.sparklora.sweep.finding;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.observe.report.LineFigure;
import org.sparklora.sweep.SweepFile;

/**
 * The results of a sweep.
 *
 * @param verdicts the most important first
 * @param figures the finding's main figure first
 * @param numbers further entries of {@code results.json}
 */
record Findings(List<Conclusion> verdicts, List<LineFigure> figures, Map<String, Object> numbers) {
  Findings {
    verdicts = List.copyOf(verdicts);
    figures = List.copyOf(figures);
    numbers = Collections.unmodifiableMap(new TreeMap<>(numbers));
  }

  static Findings of(SweepFile file, Study study) {
    return switch (file.finding()) {
      case LEARNING_RATE -> LearningRateFinding.of(study);
      case LAYERS -> LayersFinding.of(study);
      case RL_RANK -> RlRankFinding.of(study);
      case SHORT_RUNS -> ShortRunsFinding.of(study);
      case BATCH_SIZE -> BatchSizeFinding.of(study);
      case CAPACITY -> CapacityFinding.of(study);
      case NONE -> PlainFinding.of(study);
    };
  }
}
