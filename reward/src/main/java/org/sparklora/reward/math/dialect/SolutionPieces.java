package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.extract.LatexEnvironments;
import org.sparklora.reward.math.extract.LatexEnvironments.Environment;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * A short solution of words and several pieces of mathematics.
 *
 * @param words the words before, between and after the pieces
 * @param values the pieces
 */
record SolutionPieces(List<String> words, List<String> values) {
  /** A longer text explains a result. */
  static final int LONGEST = 200;

  /** The end of a unit before the next amount. */
  private static final Pattern NEXT =
      Pattern.compile(
          "\\s*+([,，、]?\\s*+(?:(?<!\\p{L})(?:and|or|y|o|et|ou)|[和与或])?(?!\\p{L}))\\s*+\\z");

  private static final Pattern DOLLARS = Pattern.compile("\\$(?:<<|[0-9])");
  private static final Pattern CENTS = Pattern.compile("(?i)(?<![a-z])cents?(?![a-z])|¢");

  /** Empty for a long text, and for one without two pieces. */
  static Optional<SolutionPieces> of(String solution, AlgebraLimit budget) {
    if (solution.length() > LONGEST) {
      return Optional.empty();
    }
    List<Environment> pieces = new ArrayList<>();
    new LatexEnvironments(solution, budget).forEachList(false, pieces::addAll);
    List<String> words = new ArrayList<>();
    int at = 0;
    for (Environment piece : pieces) {
      words.add(solution.substring(at, Math.max(at, piece.start())));
      at = piece.end();
    }
    words.add(solution.substring(at));
    return pieces.size() < 2
        ? Optional.empty()
        : Optional.of(
            new SolutionPieces(words, pieces.stream().map(SolutionPieces::content).toList()));
  }

  /** The solution in dollars, if its text has worked in them and the answer is in cents. */
  static String inDollars(String gold, String solution, String answer) {
    boolean dollars =
        answer.length() <= LONGEST
            && CENTS.matcher(answer).find()
            && solution.contains("####")
            && DOLLARS.matcher(solution).find()
            && !CENTS.matcher(solution).find()
            && gold.matches("[0-9][0-9.,]*")
            && AnswerUnit.canonical(SoundLatex.of(answer)).equals(Optional.of("cent"));
    return dollars ? gold + "\\text{ dollars}" : gold;
  }

  static String content(Environment piece) {
    return piece.content() + (piece.percent() ? "\\%" : "");
  }

  /** The amounts of {@code $2$ hours $30$ minutes} as LaTeX; empty if a piece has no unit. */
  Optional<String> amounts() {
    if (!words.get(0).isBlank()) {
      return Optional.empty();
    }
    StringBuilder amounts = new StringBuilder();
    for (int i = 0; i < values.size(); i++) {
      Matcher next = NEXT.matcher(words.get(i + 1));
      boolean joined = i + 1 < values.size() && next.find();
      String unit = joined ? words.get(i + 1).substring(0, next.start()) : words.get(i + 1);
      unit = unit.replaceAll("[.。]\\s*$", "").strip();
      if (unit.isEmpty() || !AnswerUnit.isCommon(values.get(i), unit)) {
        return Optional.empty();
      }
      // In AB = 5 cm, CD = 7 cm the names stand for lengths.
      boolean named = values.get(i).contains("=");
      amounts.append(values.get(i)).append(named ? "" : "\\text{ " + unit + "}");
      amounts.append(joined && (named || !next.group(1).isBlank()) ? ", " : joined ? " " : "");
    }
    return Optional.of(amounts.toString());
  }

  /** The values with a label for each, if this is a list of them. */
  Optional<LabelledValues> labelled() {
    return amounts().isPresent() ? Optional.empty() : LabelledValues.of(words, values);
  }
}
