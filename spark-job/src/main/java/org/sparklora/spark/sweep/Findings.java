package org.sparklora.spark.sweep;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.spark.report.LineFigure;

/**
 * What a sweep found.
 *
 * @param verdicts in the order of their weight
 * @param figures pictures, the first of them that of the finding; each shows another side
 * @param numbers behind it, by name, for programs
 */
record Findings(List<Verdict> verdicts, List<LineFigure> figures, Map<String, Object> numbers) {
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
