package org.sparklora.model.engine;

import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Checks the arguments of one operation, condition by condition: the first that does not hold
 * throws an {@link IllegalArgumentException} with the operation's name.
 */
record Check(String operation, Kernels kernels) {

  // ---- types ---------------------------------------------------------------------------------

  Check floats(Tensor... tensors) {
    return types(tensors, x -> DType.FLOAT32, "; only frozen weights may be stored otherwise");
  }

  Check activations(Tensor... tensors) {
    return types(tensors, x -> kernels.activationType(), ", or what activations are kept in");
  }

  /** Operands of products are float32, or already of the type that the product rounds them to. */
  Check operands(Tensor... tensors) {
    String otherwise = ", or what products of it are computed in";
    return types(tensors, x -> kernels.operandType(x.rows()), otherwise);
  }

  private Check types(Tensor[] tensors, Function<Tensor, DType> other, String otherwise) {
    for (Tensor x : tensors) {
      boolean fits = x.dtype() == DType.FLOAT32 || x.dtype() == other.apply(x);
      require(fits, "%s must be float32%s", x, otherwise);
    }
    return this;
  }

  // ---- shapes --------------------------------------------------------------------------------

  Check sameSize(Tensor a, Tensor... others) {
    for (Tensor b : others) {
      require(a.size() == b.size(), "%s and %s differ in size", a, b);
    }
    return this;
  }

  Check sameMatrix(Tensor a, Tensor b) {
    return require(
        a.rows() == b.rows() && a.columns() == b.columns(),
        "%s and %s must have the same rows and columns",
        a,
        b);
  }

  /** The vector has one element for each column of y. */
  Check perColumn(Tensor y, Tensor vector) {
    return require(
        y.columns() == vector.size(), "%s has not one column for each element of %s", y, vector);
  }

  Check perRow(Tensor x, long count, String name) {
    return require(
        x.rows() == count, "%s has %s rows but %s has %s entries", x, x.rows(), name, count);
  }

  /** x (N, in), w (out, in), y (N, out). */
  Check linear(Tensor x, Tensor w, Tensor y) {
    return require(
        x.columns() == w.columns() && y.columns() == w.rows() && x.rows() == y.rows(),
        "inputs %s, weight %s and outputs %s are not (N, in), (out, in) and (N, out)",
        x,
        w,
        y);
  }

  /** y (N, C), a row for each index of a row of table (V, C). */
  Check rowsOf(Tensor table, Indices indices, String name, Tensor y) {
    return perRow(y, indices.count(), name + "s")
        .require(table.columns() == y.columns(), "%s and %s differ in columns", table, y)
        .below(table.rows(), indices, name);
  }

  /** x and y (M, C), weight (C), rstd (M). */
  Check rmsNorm(Tensor x, Tensor weight, Tensor rstd, Tensor y) {
    return floats(rstd).sameMatrix(x, y).perColumn(x, weight).perRow(x, rstd.size(), "rstd");
  }

  Check rotary(Tensor x, int headSize, Tensor cos, Tensor sin, Indices positions) {
    int tokens = positions.count();
    return floats(cos, sin)
        .require(
            headSize >= 2 && headSize % 2 == 0 && cos.columns() == headSize / 2,
            "head size %s needs tables of half as many columns, not %s",
            headSize,
            cos)
        .sameMatrix(cos, sin)
        .require(
            tokens == 0 ? x.size() == 0 : x.size() % ((long) tokens * headSize) == 0,
            "%s does not divide into %s tokens of heads of %s",
            x,
            tokens,
            headSize)
        .below(cos.rows(), positions, "position");
  }

  /** q and y (N, H, D), k and v (S, K, D), logSumExp (N, H), as large as the mask needs. */
  Check attention(AttentionTensors tensors, Heads heads, AttentionMask mask) {
    Tensor q = tensors.q();
    Tensor k = tensors.k();
    long queries = q.size() / heads.queryWidth();
    return activations(q, k, tensors.v(), tensors.y())
        .floats(tensors.logSumExp())
        .sameSize(q, tensors.y())
        .sameSize(k, tensors.v())
        .require(
            q.size() % heads.queryWidth() == 0
                && k.size() % heads.keyValueWidth() == 0
                && tensors.logSumExp().size() == queries * heads.query(),
            "%s do not fit %s",
            tensors,
            heads)
        .require(
            mask.queries() <= queries && mask.keys() <= k.size() / heads.keyValueWidth(),
            "%s queries and %s keys of the mask reach beyond q %s or k %s",
            mask.queries(),
            mask.keys(),
            q,
            k);
  }

  Check gradients(AttentionTensors tensors, AttentionTensors.Gradients gradients) {
    return floats(gradients.dY(), gradients.dQ(), gradients.dK(), gradients.dV())
        .sameSize(tensors.q(), gradients.dY(), gradients.dQ())
        .sameSize(tensors.k(), gradients.dK(), gradients.dV());
  }

  Check logProbs(Tensor logits, Indices targets, float temperature, Tensor... scores) {
    floats(logits).floats(scores).perRow(logits, targets.count(), "targets");
    for (Tensor score : scores) {
      perRow(logits, score.size(), "scores");
    }
    return below(logits.columns(), targets, "target")
        .require(temperature > 0, "temperature %s is not above 0", temperature);
  }

  // ---- values --------------------------------------------------------------------------------

  Check rate(float rate) {
    return require(rate >= 0 && rate < 1, "rate %s is not in [0, 1)", rate);
  }

  /** Searches the array only if the bound shows that an index is too large. */
  private Check below(int bound, Indices indices, String name) {
    return indices.bound() > bound ? below(bound, indices.toArray(), name) : this;
  }

  private Check below(int bound, int[] indices, String name) {
    for (int n = 0; n < indices.length; n++) {
      if (indices[n] < 0 || indices[n] >= bound) {
        throw refusal(
            "%s %s at place %s is not below %s; the data was made for another model or tokenizer",
            name, indices[n], n, bound);
      }
    }
    return this;
  }

  Check seen(Tensor logits, List<int[]> seen) {
    perRow(logits, seen.size(), "seen");
    seen.forEach(tokens -> below(logits.columns(), tokens, "token"));
    return this;
  }

  /** Checks a condition specific to one operation. */
  Check require(boolean holds, String problem, Object... values) {
    if (!holds) {
      throw refusal(problem, values);
    }
    return this;
  }

  private IllegalArgumentException refusal(String problem, Object... values) {
    return new IllegalArgumentException(
        "Cannot run " + operation + ": " + String.format(Locale.ROOT, problem, values));
  }
}
