package org.sparklora.engine.nd4j;

import java.util.Arrays;
import java.util.Comparator;
import java.util.stream.IntStream;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;
import org.nd4j.linalg.api.ops.DynamicCustomOp;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.linalg.indexing.NDArrayIndex;

/** Reads, writes, rotates and adds to rows of matrices by row number, for {@link Nd4jKernels}. */
final class Nd4jRows {
  private Nd4jRows() {}

  /** {@code y[to[n]] = x[n]}. */
  static void put(Nd4jTensor x, int[] to, Nd4jTensor y) {
    Nd4jScratch.run(
        () -> {
          for (int n = 0; n < to.length; n++) {
            y.arrayFrom((long) to[n] * y.columns(), y.columns())
                .assign(x.arrayFrom((long) n * x.columns(), x.columns()));
          }
        });
  }

  /** {@code table[tokens[n]] += rows[n]}, except where the token is {@code paddingId}. */
  static void add(Nd4jTensor rows, int[] tokens, int paddingId, Nd4jTensor table) {
    int[] places =
        IntStream.range(0, tokens.length)
            .filter(n -> tokens[n] != paddingId)
            .boxed()
            .sorted(Comparator.comparingInt(n -> tokens[n]))
            .mapToInt(Integer::intValue)
            .toArray();
    int[] trained = Arrays.stream(places).map(n -> tokens[n]).distinct().toArray();
    if (trained.length > 0) {
      Nd4jScratch.run(
          () -> {
            INDArray sorted = gather(rows.matrix(), Nd4j.createFromArray(places));
            INDArray sums = sumRuns(sorted, places, tokens, trained.length);
            scatterAdd(table.matrix(), Nd4j.createFromArray(trained), sums);
          });
    }
  }

  /**
   * Sums neighbouring rows of the same token, since threads of a scatter do not wait for each
   * other. If all tokens differ, returns the rows: of a single row ND4J would sum only one element.
   */
  private static INDArray sumRuns(INDArray rows, int[] places, int[] tokens, int runs) {
    if (runs == places.length) {
      return rows;
    }
    int[] run = new int[places.length];
    for (int i = 1; i < places.length; i++) {
      run[i] = run[i - 1] + (tokens[places[i]] == tokens[places[i - 1]] ? 0 : 1);
    }
    INDArray sums = Nd4j.createUninitialized(DataType.FLOAT, runs, rows.size(1));
    run("segment_sum", sums, rows, Nd4j.createFromArray(run));
    return sums;
  }

  /** {@code table[rows[n]]} for each n, in the table's type. */
  static INDArray gather(INDArray table, INDArray rows) {
    INDArray gathered = Nd4j.createUninitialized(table.dataType(), rows.length(), table.size(1));
    Nd4j.exec(
        DynamicCustomOp.builder("gather")
            .addInputs(table, rows)
            .addOutputs(gathered)
            .addIntegerArguments(0)
            .build());
    return gathered;
  }

  /** Rotates each head's pairs {@code (i, i + D/2)} in place, by cos and sin {@code (N, D/2)}. */
  static void rotate(Nd4jTensor x, int headSize, INDArray cos, INDArray sin) {
    long tokens = cos.size(0);
    int half = headSize / 2;
    INDArray c = cos.reshape(tokens, 1, half);
    INDArray s = sin.reshape(tokens, 1, half);
    INDArray all = x.array(tokens, x.size() / (tokens * headSize), headSize);
    INDArray a = columns(all, 0, half);
    INDArray b = columns(all, half, headSize);
    INDArray first = a.mul(c).subi(b.mul(s));
    b.assign(b.mul(c).addi(a.mul(s)));
    a.assign(first);
  }

  private static INDArray columns(INDArray heads, int from, int to) {
    return heads.get(NDArrayIndex.all(), NDArrayIndex.all(), NDArrayIndex.interval(from, to));
  }

  /** {@code target[places[n]] += values[n]}; no place may occur twice. */
  static void scatterAdd(INDArray target, INDArray places, INDArray values) {
    run("scatter_add", target, target, places, values);
  }

  /** {@code target[places[n]] = values[n]}; no place may occur twice. */
  static void scatterUpdate(INDArray target, INDArray places, INDArray values) {
    run("scatter_upd", target, target, places, values);
  }

  private static void run(String operation, INDArray output, INDArray... inputs) {
    Nd4j.exec(DynamicCustomOp.builder(operation).addInputs(inputs).addOutputs(output).build());
  }
}
