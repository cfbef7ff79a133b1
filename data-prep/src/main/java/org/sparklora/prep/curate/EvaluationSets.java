package org.sparklora.prep.curate;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.prep.DatasetInput;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.SessionTables;
import org.sparklora.prep.curate.EvaluationQuestions.Question;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.RowHandler;

/** Reads evaluation sets on the driver: they are small. */
record EvaluationSets(SessionTables session) {
  private static final Logger LOG = LoggerFactory.getLogger(EvaluationSets.class);
  private static final String TRAIN = "train";

  /** A dataset with one of its configurations: {@code openai/gsm8k:main}. */
  private static final Pattern CONFIGURED = Pattern.compile("(.*/.+):([\\w.-]+)");

  /**
   * Reads all questions; tables are copied into {@code scratch}.
   *
   * @throws ConfigException if a set does not exist, has no questions, has a bad row, whatever
   *     {@code --on_bad_rows} says, or would be replaced
   */
  EvaluationQuestions read(CurateConfig config, Path scratch) {
    CurateConfig.Steps steps = config.steps();
    List<Question> questions = new ArrayList<>();
    int number = 0;
    for (String set : steps.evaluationSets()) {
      try {
        Path folder = new Path(scratch, "evaluation-" + number++);
        DatasetInput found = find(set, steps.evaluationSplit());
        OutputFolder.requireApart(session.hadoop(), config.outputFolder(), found.places());
        read(set, found, folder, questions);
      } catch (ConfigException e) {
        throw new ConfigException(Flags.DECONTAMINATE, e.value(), e.remedy());
      } catch (BadRowException e) {
        throw new ConfigException(
            Flags.DECONTAMINATE,
            set,
            "%s; mend it, since no question may be left out"
                .formatted(BadRowException.problem(e.getMessage())));
      }
    }
    return new EvaluationQuestions(questions);
  }

  private DatasetInput find(String set, String split) {
    Matcher configured = CONFIGURED.matcher(set);
    String name = configured.matches() ? configured.group(1) : set;
    String config = configured.matches() ? configured.group(2) : "";
    try {
      return DatasetInput.find(session, PrepConfig.Source.of(name, config, split));
    } catch (ConfigException e) {
      if (!e.key().equals(Flags.DATASET_TRAIN_SPLIT.name())) {
        throw e;
      }
      LOG.info("{} has no split {}: the questions of {} are read", set, split, TRAIN);
      return DatasetInput.find(session, PrepConfig.Source.of(name, config, TRAIN));
    }
  }

  private void read(String set, DatasetInput dataset, Path scratch, List<Question> questions) {
    Map<String, Object> sample = dataset.sample(session.hadoop());
    RowText text = RowText.recognise(dataset.source(), sample);
    int before = questions.size();
    RowHandler reader =
        values -> {
          try {
            String question = text.question(values.values());
            questions.add(new Question(set, questions.size() - before, question));
          } catch (BadRowException e) {
            throw e.at(values.place().get());
          }
        };
    dataset
        .readable(session, scratch)
        .forEach(rows -> rows.read(session.hadoop(), Set.of(), reader));
    LOG.info("{} questions of {}", questions.size() - before, dataset.description());
  }
}
