package org.sparklora.model.engine;

import java.util.List;

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

  static void activation(String operation, Tensor tensor, DType kept) {
    if (tensor.dtype() != DType.FLOAT32 && tensor.dtype() != kept) {
      throw mismatch(operation, "%s must be float32, or what activations are kept in", tensor);
    }
  }

  /** What products multiply is float32, or rounded to the type that they round it to. */
  static void operand(String operation, Tensor tensor, DType rounded) {
    if (tensor.dtype() != DType.FLOAT32 && tensor.dtype() != rounded) {
      throw mismatch(
          operation, "%s must be float32, or what products of it are computed in", tensor);
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

  /** The same for many operations at once: there is an array to look through only on failure. */
  static void indices(String operation, Indices indices, int bound, String name) {
    if (indices.bound() > bound) {
      indices(operation, indices.toArray(), bound, name);
    }
  }

  /** A number above all of these. */
  static int bound(int[] indices) {
    int largest = -1;
    for (int n = 0; n < indices.length; n++) {
      if (indices[n] < 0) {
        throw new IllegalArgumentException(
            "Cannot use index %d at place %d: none may be negative".formatted(indices[n], n));
      }
      largest = Math.max(largest, indices[n]);
    }
    return Math.addExact(largest, 1);
  }

  /** tokens (N), table (V, C), y (N, C). */
  static void embedding(String operation, Tensor table, Indices tokens, Tensor y) {
    perRow(operation, y, tokens.count(), "tokens");
    if (table.columns() != y.columns()) {
      throw mismatch(operation, "table %s and rows %s differ in columns", table, y);
    }
    indices(operation, tokens, table.rows(), "token");
  }

  /** x and y (M, C), weight (C), rstd (M). */
  static void rmsNorm(String operation, Tensor x, Tensor weight, Tensor rstd, Tensor y) {
    floats(operation, rstd);
    sameMatrix(operation, x, y);
    perColumn(operation, x, weight);
    perRow(operation, x, rstd);
  }

  static void swiGlu(String operation, Tensor gate, Tensor up, Tensor y) {
    sameSize(operation, gate, up);
    sameSize(operation, gate, y);
  }

  static void rotary(Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions) {
    floats("rotate", cos, sin);
    if (headSize < 2 || headSize % 2 != 0 || cos.columns() != headSize / 2) {
      throw mismatch(
          "rotate", "head size %s needs tables of half as many columns, not %s", headSize, cos);
    }
    sameMatrix("rotate", cos, sin);
    int tokens = positions.count();
    if (tokens == 0 ? x.size() != 0 : x.size() % ((long) tokens * headSize) != 0) {
      throw mismatch(
          "rotate", "%s does not divide into %s tokens of heads of %s", x, tokens, headSize);
    }
    indices("rotate", positions, cos.rows(), "position");
  }

  /** q and y (N, H, D), k and v (S, K, D), logSumExp (N, H), with what the mask names in them. */
  static void attention(
      String operation, AttentionTensors tensors, Heads heads, AttentionMask mask) {
    Tensor q = tensors.q();
    Tensor k = tensors.k();
    floats(operation, tensors.logSumExp());
    long queryWidth = (long) heads.query() * heads.size();
    long keyWidth = (long) heads.keyValue() * heads.size();
    long queries = q.size() / queryWidth;
    long keys = k.size() / keyWidth;
    if (q.size() % queryWidth != 0
        || tensors.y().size() != q.size()
        || k.size() % keyWidth != 0
        || tensors.v().size() != k.size()
        || tensors.logSumExp().size() != queries * heads.query()) {
      throw mismatch(operation, "%s do not fit %s", tensors, heads);
    }
    if (mask.queries() > queries || mask.keys() > keys) {
      throw mismatch(
          operation,
          "%s queries and %s keys of the mask reach beyond q %s or k %s",
          mask.queries(),
          mask.keys(),
          q,
          k);
    }
  }

  static void attention(String operation, AttentionTensors tensors, AttentionGradients gradients) {
    floats(operation, gradients.dY(), gradients.dQ(), gradients.dK(), gradients.dV());
    sameSize(operation, tensors.q(), gradients.dY());
    sameSize(operation, tensors.q(), gradients.dQ());
    sameSize(operation, tensors.k(), gradients.dK());
    sameSize(operation, tensors.k(), gradients.dV());
  }

  /** x (N, C), rows (N), y (at least max(rows) + 1, C). */
  static void putRows(Tensor x, Indices rows, Tensor y) {
    perRow("putRows", x, rows.count(), "rows");
    if (x.columns() != y.columns()) {
      throw mismatch("putRows", "%s and %s differ in columns", x, y);
    }
    indices("putRows", rows, y.rows(), "row");
  }

  static void sample(Tensor logits, SamplingRule rule, double[] uniforms, List<int[]> seen) {
    floats("sample", logits);
    perRow("sample", logits, uniforms.length, "uniforms");
    if (rule.hasPenalty()) {
      perRow("sample", logits, seen.size(), "seen");
      seen.forEach(tokens -> indices("sample", tokens, logits.columns(), "token"));
    }
  }

  static void dropout(String operation, Tensor x, float rate, Tensor y) {
    if (x.dtype() != y.dtype()) {
      throw mismatch(operation, "%s and %s differ in type", x, y);
    }
    sameSize(operation, x, y);
    if (!(rate >= 0 && rate < 1)) {
      throw mismatch(operation, "rate %s is not in [0, 1)", rate);
    }
  }

  static void logProbs(Tensor logits, Indices targets, float temperature, Tensor... perRow) {
    floats("tokenLogProbs", logits);
    floats("tokenLogProbs", perRow);
    perRow("tokenLogProbs", logits, targets.count(), "targets");
    for (Tensor row : perRow) {
      perRow("tokenLogProbs", logits, row);
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
