package org.sparklora.prep.curate;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.sparklora.pipeline.table.RowFile;
import org.sparklora.pipeline.table.Sha256;
import org.sparklora.prep.Mixture;
import org.sparklora.prep.PrepConfig.OnBadRows;
import org.sparklora.prep.document.SplitReport.Count;
import org.sparklora.prep.source.BadRowException;
import org.sparklora.prep.source.RowHandler;
import org.sparklora.prep.source.SourceRow;

/**
 * The first stage's task: reads the rows of consecutive splits and sketches them for the steps, one
 * file of {@link #SKETCHES}. Used by one thread, once.
 */
record SketchSplit(
    Wanted wanted,
    EvaluationQuestions questions,
    CuratedSplit split,
    RowFile<Group> sketches,
    LongConsumer words,
    CurateReport report)
    implements RowHandler {
  /** Words of a shingle of near duplicates. */
  static final int SHINGLE = 5;

  /** Folder below the job's scratch folder. */
  static final String SKETCHES = "sketches";

  /**
   * One row for each row of the dataset. A bad row has a {@code reason} only; {@code hash} is of
   * the normalised text, {@code set} of its shingles, {@code bucket} of its signature's bands, and
   * {@code length} counts its characters.
   */
  static final MessageType SKETCH =
      MessageTypeParser.parseMessageType(
          """
          message sketch {
            required int64 id;
            optional binary reason (STRING);
            optional int64 hash_high;
            optional int64 hash_low;
            optional int32 length;
            optional double score;
            optional int64 set_high;
            optional int64 set_low;
            optional binary shingles;
            repeated int64 bucket;
            optional binary question_set (STRING);
            optional int64 question_row;
            optional boolean question_whole;
          }""");

  /**
   * The settings of all tasks.
   *
   * @param part the columns that are taken, which alone are compared, and what happens to bad rows
   * @param bands {@link MinHashLsh#NONE} if near duplicates stay
   * @param scoreColumn with a number for each row; empty: none is needed
   * @param types whether the types of the columns have to be found in the values
   */
  record Wanted(
      Mixture.Part part, RowText text, MinHashLsh bands, String scoreColumn, boolean types)
      implements Serializable {

    private boolean skips() {
      return part.source().onBadRows() == OnBadRows.SKIP;
    }

    /** The row's score: a number or, as in CSV files, a text that spells one. */
    Optional<Double> score(Map<String, Object> row) {
      Object score = scoreColumn.isEmpty() ? null : row.get(scoreColumn);
      if (score == null) {
        return Optional.empty();
      }
      if (score instanceof Number || CuratedPart.NUMBER.matcher(score.toString()).matches()) {
        return Optional.of(Double.valueOf(score.toString())).filter(number -> !number.isNaN());
      }
      throw new BadRowException(
          BadRowException.Reason.WRONG_COLUMNS,
          "Cannot rank a row by its %s, which is no number but %.40s".formatted(scoreColumn, score),
          "");
    }
  }

  /**
   * Reads the split. If bad rows are not skipped, reading ends at the first one, and the report has
   * it.
   *
   * @param words receives the number of words of each row; it ends a killed task
   */
  static CurateReport run(
      Wanted wanted, EvaluationQuestions questions, CuratedSplit split, LongConsumer words) {
    return split.write(
        new Path(split.scratch(), SKETCHES),
        file -> RowFile.ofHashes(split.hadoop(), file, SKETCH),
        out -> new SketchSplit(wanted, questions, split, out, words, new CurateReport()).read());
  }

  private CurateReport read() {
    try {
      // all columns, as in the last stage: damage in any of them is then met at the same row
      split.rows().read(split.hadoop(), Set.of(), this);
    } catch (BadRowException e) {
      assert !wanted.skips() : "skipped rows must not end the reading";
    }
    return report;
  }

  @Override
  public void row(SourceRow row) {
    String text;
    Optional<Double> score;
    try {
      Map<String, Object> taken = wanted.part.taken(row.values());
      text = wanted.text.text(taken);
      score = wanted.score(taken);
    } catch (BadRowException e) {
      bad(e.at(row.place().get()));
      return;
    } finally {
      if (wanted.types) { // also of rows that do not fit: the table of removed rows holds them
        report.types = ColumnTypes.merged(report.types, ColumnTypes.of(row.values()));
      }
    }
    sketch(NormalisedText.of(text), score);
  }

  private void sketch(String text, Optional<Double> score) {
    Group sketch = new SimpleGroup(SKETCH);
    sketch.add("id", split.id(report.of(Count.ROWS)));
    report.count(Count.ROWS);
    addHash(sketch, "hash_high", "hash_low", text.getBytes(StandardCharsets.UTF_8));
    sketch.add("length", text.length());
    score.ifPresent(number -> sketch.add("score", number));
    Words ofText = Words.of(text);
    if (wanted.bands.bands() > 0 && ofText.count() > 0) {
      addShingles(sketch, ofText.shingles(SHINGLE));
    }
    questions
        .find(ofText)
        .ifPresent(
            match -> {
              sketch.add("question_set", match.set());
              sketch.add("question_row", match.row());
              sketch.add("question_whole", match.whole());
            });
    sketches.write(sketch);
    words.accept(ofText.count());
    report.processed += ofText.count();
  }

  /** Adds the first 128 bits of SHA-256: no two contents that differ are taken for equal. */
  private static void addHash(Group sketch, String high, String low, byte[] content) {
    ByteBuffer digest = ByteBuffer.wrap(Sha256.digest().digest(content));
    sketch.add(high, digest.getLong());
    sketch.add(low, digest.getLong());
  }

  private void addShingles(Group sketch, long[] shingles) {
    byte[] packed = Words.pack(shingles);
    addHash(sketch, "set_high", "set_low", packed);
    sketch.add("shingles", Binary.fromConstantByteArray(packed));
    for (long bucket : wanted.bands.buckets(MinHashLsh.signature(shingles))) {
      sketch.add("bucket", bucket);
    }
  }

  @Override
  public void bad(BadRowException problem) {
    words.accept(0);
    Group sketch = new SimpleGroup(SKETCH);
    sketch.add("id", split.id(report.of(Count.ROWS)));
    report.countBad(problem, wanted.skips());
    sketch.add("reason", problem.reason().word());
    sketches.write(sketch);
  }
}
