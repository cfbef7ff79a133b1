package org.sparklora.prep.curate;

import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.DatasetInput;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.SessionTables;
import org.sparklora.prep.format.ColumnMapping;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.RowHandler;
import org.sparklora.prep.source.SourceRow;
import org.sparklora.prep.table.TableQuery;

/** Reads evaluation sets on the driver: they are small. */
final class EvaluationSets {
  private static final Logger LOG = LoggerFactory.getLogger(EvaluationSets.class);
  private static final String TRAIN = "train";

  /** A repository of the hub with one of its configurations: {@code openai/gsm8k:main}. */
  private static final Pattern CONFIGURED = Pattern.compile("([\\w.@-]+/[\\w.@/-]+):([\\w.-]+)");

  private final SessionTables session;

  EvaluationSets(SessionTables session) {
    this.session = session;
  }

  /**
   * Reads all questions.
   *
   * @param scratch a folder for copies of tables
   * @throws ConfigException if a set does not exist or has no questions
   */
  EvaluationQuestions.Builder read(CurateConfig.Steps steps, Path scratch) {
    EvaluationQuestions.Builder questions = new EvaluationQuestions.Builder();
    for (String set : steps.evaluationSets()) {
      try {
        questions.begin(set);
        read(find(set, steps.evaluationSplit()), new Path(scratch, "evaluation"), questions);
      } catch (ConfigException e) {
        throw new ConfigException(Flags.DECONTAMINATE, e.value(), e.remedy());
      }
    }
    return questions;
  }

  private DatasetInput find(String set, String split) {
    Matcher configured = CONFIGURED.matcher(set);
    String name = configured.matches() ? configured.group(1) : set;
    String config = configured.matches() ? configured.group(2) : "";
    try {
      return DatasetInput.find(session, source(name, config, split));
    } catch (ConfigException e) {
      if (!e.key().equals(Flags.DATASET_TRAIN_SPLIT.name())) {
        throw e;
      }
      LOG.info("{} has no split {}: the questions of {} are read", set, split, TRAIN);
      return DatasetInput.find(session, source(name, config, TRAIN));
    }
  }

  private static PrepConfig.Source source(String name, String config, String split) {
    return new PrepConfig.Source(
        name,
        config,
        split,
        ColumnMapping.defaults(),
        false,
        PrepConfig.OnBadRows.FAIL,
        TableQuery.NONE);
  }

  private void read(DatasetInput dataset, Path scratch, EvaluationQuestions.Builder questions) {
    Map<String, Object> sample = dataset.sample(session.hadoop());
    Reader reader = new Reader(RowText.recognise(dataset.source(), sample), questions);
    Path folder = new Path(scratch, Integer.toString(questions.sets()));
    dataset
        .readable(session, true, folder)
        .forEach(rows -> rows.read(session.hadoop(), Set.of(), reader));
    LOG.info("{} questions of {}", reader.row, dataset.description());
  }

  /** Adds the question of each row. Not thread-safe. */
  private static final class Reader implements RowHandler {
    private final RowText text;
    private final EvaluationQuestions.Builder questions;
    private long row;

    Reader(RowText text, EvaluationQuestions.Builder questions) {
      this.text = text;
      this.questions = questions;
    }

    @Override
    public void row(SourceRow values) {
      try {
        questions.add(row++, text.question(values.values()));
      } catch (BadRowException e) {
        throw e.at(values.place().get());
      }
    }

    @Override
    public void bad(BadRowException problem) {
      throw problem;
    }
  }
}
