package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.Expr.Add;
import org.sparklora.reward.math.algebra.Expr.Constant;
import org.sparklora.reward.math.algebra.Expr.Matrix;
import org.sparklora.reward.math.algebra.Expr.Num;
import org.sparklora.reward.math.algebra.Expr.Symbol;
import org.sparklora.reward.math.algebra.Expr.Tuple;
import org.sparklora.reward.math.algebra.Relations;
import org.sparklora.reward.math.algebra.Substitution;

/**
 * Reads {@code 3\mathbf{i}-\mathbf{j}} as (3, −1), where a point or a column is meant, and {@code
 * diag(1,2)} and {@code [[1,0],[0,2]]} as matrices.
 */
record MatrixNotation(MathEquivalence equivalence) {
  /** The letters i, j, k, the first of which is otherwise the imaginary unit. */
  private static final List<Expr> UNITS =
      List.of(Constant.I, new Symbol("j", true), new Symbol("k", true));

  private static final Pattern MATRIX =
      Pattern.compile("\\\\begin\\{[pb]matrix\\}|[(\\[]\\s*\\\\begin\\{array\\}");
  private static final Pattern DIAGONAL =
      Pattern.compile(
          "(?:\\\\(?:operatorname|text|mathrm)\\{\\s*diag\\s*\\}|(?<![a-zA-Z])diag)\\s*\\(([^()]{1,200})\\)");
  private static final Pattern ROWS =
      Pattern.compile("\\[\\s*(\\[[^\\[\\]]*\\](?:\\s*,\\s*\\[[^\\[\\]]*\\])*+)\\s*\\]");

  /** An entry that is left blank is zero. */
  private static final Pattern BLANK =
      Pattern.compile("(?<=&)\\s*(?=&|\\\\\\\\|\\\\end)|(?<=matrix\\}|\\\\\\\\|[lcr]\\})\\s*(?=&)");

  static boolean isMatrix(String written) {
    return MATRIX.matcher(written).find();
  }

  /** The LaTeX of a matrix as programs print it, or with blank or only diagonal entries. */
  static String asMatrix(String written) {
    if (isMatrix(written)) {
      return BLANK.matcher(written).replaceAll("0");
    }
    String text = SoundLatex.of(written);
    String matrix = DIAGONAL.matcher(text).replaceAll(MatrixNotation::diagonal);
    matrix = ROWS.matcher(matrix).replaceAll(MatrixNotation::rows);
    return matrix.equals(text) ? written : matrix;
  }

  private static String rows(MatchResult list) {
    String rows = list.group(1).replaceAll("\\]\\s*,\\s*\\[", Matcher.quoteReplacement("\\\\"));
    rows = rows.replace(",", "&").replaceAll("[\\[\\]]", "");
    return Matcher.quoteReplacement("\\begin{pmatrix}" + rows + "\\end{pmatrix}");
  }

  private static String diagonal(MatchResult entries) {
    String[] terms = entries.group(1).split(",");
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < terms.length; i++) {
      rows.append(i == 0 ? "" : "\\\\");
      rows.append("0&".repeat(i)).append(terms[i]).append("&0".repeat(terms.length - 1 - i));
    }
    return Matcher.quoteReplacement("\\begin{pmatrix}" + rows + "\\end{pmatrix}");
  }

  /** The coordinates of a vector, if the other side has as many; another term itself. */
  Expr pointLike(Expr other, Expr vector) {
    int size = dimension(other);
    if (size < 2
        || size > UNITS.size()
        || vector.isCollection()
        || Relations.isRelation(vector)
        || UNITS.stream().filter(unit -> vector.contains(unit::equals)).count() < 2) {
      return vector;
    }
    List<Expr> coordinates = new ArrayList<>();
    List<Expr> terms = new ArrayList<>();
    for (Expr unit : UNITS.subList(0, size)) {
      Expr coordinate =
          Substitution.everywhere(
              vector, node -> UNITS.contains(node) ? Num.of(node.equals(unit) ? 1 : 0) : node);
      coordinates.add(coordinate);
      terms.add(Expr.times(coordinate, unit));
    }
    return equivalence.same(vector, new Add(List.copyOf(terms)))
        ? new Tuple(List.copyOf(coordinates))
        : vector;
  }

  private static int dimension(Expr expr) {
    boolean column =
        expr instanceof Matrix matrix && matrix.rows().stream().allMatch(row -> row.size() == 1);
    return column || SoundReadings.isPoint(expr) ? expr.children().size() : 0;
  }
}
