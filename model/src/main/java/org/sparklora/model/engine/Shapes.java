package org.sparklora.model.engine;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * The checks at the entry of every operation of {@link Kernels}, shared by all implementations: a
 * wrong shape must end in a message, never in a native call that writes past a buffer.
 */
final class Shapes {
  private Shapes() {}

  static void sameSize(String operation, Tensor a, Tensor b) {
    if (a.size() != b.size()) {
      throw mismatch(operation, "%s and %s differ in size", a, b);
    }
  }

  static void sameMatrix(String operation, Tensor a, Tensor b) {
    if (a.rows() != b.rows() || a.columns() != b.columns()) {
      throw mismatch(operation, "%s and %s must have the same rows and columns", a, b);
    }
  }

  static void floats(String operation, Tensor... tensors) {
    for (Tensor tensor : tensors) {
      if (tensor.dtype() != DType.FLOAT32) {
        throw mismatch(
            operation, "%s must be float32; only frozen weights may be stored otherwise", tensor);
      }
    }
  }

  /** x (N, in), w (out, in), y (N, out). */
  static void linear(String operation, Tensor x, Tensor w, Tensor y) {
    if (x.columns() != w.columns() || y.columns() != w.rows() || x.rows() != y.rows()) {
      throw mismatch(
          operation,
          "inputs %s, weight %s and outputs %s are not (N, in), (out, in) and (N, out)",
          x,
          w,
          y);
    }
  }

  /** Each row of y meets the whole of vector. */
  static void perColumn(String operation, Tensor y, Tensor vector) {
    if (y.columns() != vector.size()) {
      throw mismatch(operation, "%s has not one column for each element of %s", y, vector);
    }
  }

  static void perRow(String operation, Tensor x, Tensor vector) {
    if (x.rows() != vector.size()) {
      throw mismatch(operation, "%s has not one row for each element of %s", x, vector);
    }
  }

  static void perRow(String operation, Tensor x, int length, String name) {
    if (x.rows() != length) {
      throw new IllegalArgumentException(
          "Cannot run %s: %s has %d rows but %s has %d entries"
              .formatted(operation, x, x.rows(), name, length));
    }
  }

  /** Every index must name a row of the table. */
  static void indices(String operation, int[] indices, int bound, String name) {
    for (int n = 0; n < indices.length; n++) {
      if (indices[n] < 0 || indices[n] >= bound) {
        throw new IllegalArgumentException(
            "Cannot run %s: %s %d at place %d is not below %d; the data was made for another model or tokenizer"
                .formatted(operation, name, indices[n], n, bound));
      }
    }
  }

  /** tokens (N), table (V, C), y (N, C). */
  static void embedding(String operation, Tensor table, int[] tokens, Tensor y) {
    floats(operation, y);
    perRow(operation, y, tokens.length, "tokens");
    if (table.columns() != y.columns()) {
      throw mismatch(operation, "table %s and rows %s differ in columns", table, y);
    }
    indices(operation, tokens, table.rows(), "token");
  }

  /** x and y (M, C), weight (C), rstd (M). */
  static void rmsNorm(String operation, Tensor x, Tensor weight, Tensor rstd, Tensor y) {
    floats(operation, x, rstd, y);
    sameMatrix(operation, x, y);
    perColumn(operation, x, weight);
    perRow(operation, x, rstd);
  }

  static void swiGlu(String operation, Tensor gate, Tensor up, Tensor y) {
    floats(operation, gate, up, y);
    sameSize(operation, gate, up);
    sameSize(operation, gate, y);
  }

  static void rotary(Tensor x, int headSize, Tensor cos, Tensor sin, int[] positions) {
    floats("rotate", x, cos, sin);
    if (headSize < 2 || headSize % 2 != 0 || cos.columns() != headSize / 2) {
      throw mismatch(
          "rotate", "head size %s needs tables of half as many columns, not %s", headSize, cos);
    }
    sameMatrix("rotate", cos, sin);
    if (positions.length == 0
        ? x.size() != 0
        : x.size() % ((long) positions.length * headSize) != 0) {
      throw mismatch(
          "rotate",
          "%s does not divide into %s tokens of heads of %s",
          x,
          positions.length,
          headSize);
    }
    indices("rotate", positions, cos.rows(), "position");
  }

  static void attention(
      Tensor q, Tensor k, Tensor v, Heads heads, Segments segments, Tensor y, Tensor logSumExp) {
    floats("attention", q, k, v, y, logSumExp);
    if (segments.isBranched()) {
      throw mismatch("attention", "a document continues another; give its branches");
    }
    long tokens = segments.tokens();
    long queries = tokens * heads.query();
    long keys = tokens * heads.keyValue();
    if (q.size() != queries * heads.size()
        || y.size() != q.size()
        || k.size() != keys * heads.size()
        || v.size() != k.size()
        || logSumExp.size() != queries) {
      throw mismatch(
          "attention",
          "q %s, k %s, v %s, y %s and logSumExp %s do not fit %s and %s tokens",
          q,
          k,
          v,
          y,
          logSumExp,
          heads,
          tokens);
    }
  }

  static void attention(
      Tensor q,
      Tensor k,
      Tensor v,
      Heads heads,
      List<Branch> branches,
      Tensor y,
      Tensor logSumExp) {
    floats("attention", q, k, v, y, logSumExp);
    long queryWidth = (long) heads.query() * heads.size();
    long keyWidth = (long) heads.keyValue() * heads.size();
    long queries = q.size() / queryWidth;
    long keys = k.size() / keyWidth;
    if (q.size() % queryWidth != 0
        || y.size() != q.size()
        || k.size() % keyWidth != 0
        || v.size() != k.size()
        || logSumExp.size() != queries * heads.query()) {
      throw mismatch(
          "attention",
          "q %s, k %s, v %s, y %s and logSumExp %s do not fit %s",
          q,
          k,
          v,
          y,
          logSumExp,
          heads);
    }
    for (Branch branch : branches) {
      if ((long) branch.firstQuery() + branch.queries() > queries
          || (long) branch.prefixStart() + branch.prefixLength() > keys
          || (long) branch.ownStart() + branch.ownKeys() > keys) {
        throw mismatch("attention", "%s reaches beyond q %s or k %s", branch, q, k);
      }
    }
  }

  /**
   * Branches of a backward: gradients of keys are summed for all branches of one root together, so
   * a prefix must begin where a branch without prefix does.
   */
  static void roots(List<Branch> branches) {
    Map<Integer, Integer> roots = new HashMap<>();
    for (Branch branch : branches) {
      if (branch.prefixLength() == 0) {
        roots.merge(branch.ownStart(), branch.ownKeys(), Math::max);
      }
    }
    for (Branch branch : branches) {
      if (branch.prefixLength() > roots.getOrDefault(branch.rootStart(), 0)
          && branch.prefixLength() > 0) {
        throw mismatch(
            "attentionBackward", "the prefix of %s is not the beginning of another branch", branch);
      }
    }
  }

  /** x (N, C), rows (N), y (at least max(rows) + 1, C). */
  static void putRows(Tensor x, int[] rows, Tensor y) {
    floats("putRows", x, y);
    perRow("putRows", x, rows.length, "rows");
    if (x.columns() != y.columns()) {
      throw mismatch("putRows", "%s and %s differ in columns", x, y);
    }
    indices("putRows", rows, y.rows(), "row");
  }

  static void draw(
      Tensor logits, float temperature, float[] floors, double[] uniforms, int[] tokens) {
    floats("drawTokens", logits);
    perRow("drawTokens", logits, tokens.length, "tokens");
    perRow("drawTokens", logits, floors.length, "floors");
    perRow("drawTokens", logits, uniforms.length, "uniforms");
    if (!(temperature > 0)) {
      throw mismatch("drawTokens", "temperature %s is not above 0", temperature);
    }
  }

  static void dropout(String operation, Tensor x, float rate, Tensor y) {
    floats(operation, x, y);
    sameSize(operation, x, y);
    if (!(rate >= 0 && rate < 1)) {
      throw mismatch(operation, "rate %s is not in [0, 1)", rate);
    }
  }

  static void logProbs(Tensor logits, int[] targets, float temperature, float[]... perRow) {
    floats("tokenLogProbs", logits);
    perRow("tokenLogProbs", logits, targets.length, "targets");
    for (float[] row : perRow) {
      perRow("tokenLogProbs", logits, row.length, "a result");
    }
    indices("tokenLogProbs", targets, logits.columns(), "target");
    if (!(temperature > 0)) {
      throw mismatch("tokenLogProbs", "temperature %s is not above 0", temperature);
    }
  }

  private static IllegalArgumentException mismatch(
      String operation, String problem, Object... values) {
    return new IllegalArgumentException(
        "Cannot run " + operation + ": " + problem.formatted(values));
  }
}
