package org.sparklora.model.engine.vector;

import static org.sparklora.model.engine.GateFunction.SILU;

import java.util.Arrays;
import java.util.stream.IntStream;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.TokenScores;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Prints the speed of each operation at the shapes of training SmolLM2-135M with LoRA of rank 256
 * on rows of 1024 tokens. Best of some tries, since other work on the machine only ever slows down.
 *
 * <p>Run: {@code java --add-modules=jdk.incubator.vector -cp …
 * org.sparklora.model.engine.EngineBenchmark [seconds an operation] [part of a name]}.
 */
final class EngineBenchmark {
  private static final int N = 1024;
  private static final int C = 576;
  private static final int F = 1536;
  private static final int V = 49_152;
  private static final int CHUNK = 256; // rows of logits at a time
  private static final Heads HEADS = new Heads(9, 3, 64);

  private final Engine engine = Engines.open("vector", Runtime.getRuntime().availableProcessors());
  private final double seconds;
  private final String filter;

  private EngineBenchmark(double seconds, String filter) {
    this.seconds = seconds;
    this.filter = filter;
  }

  public static void main(String[] arguments) {
    double seconds = arguments.length > 0 ? Double.parseDouble(arguments[0]) : 0.5;
    EngineBenchmark benchmark =
        new EngineBenchmark(seconds, arguments.length > 1 ? arguments[1] : "");
    System.out.println(benchmark.engine.description());
    benchmark.linears();
    benchmark.head();
    benchmark.rows();
    benchmark.attention("one document", Segments.ofLengths(N));
    benchmark.attention("six documents", Segments.ofLengths(171, 171, 171, 171, 171, 169));
    benchmark.small();
  }

  private void linears() {
    int[][] shapes = {
      {C, 192}, {C, C}, {C, F}, {F, C}, {C, 256}, {256, 192}, {256, C}, {F, 256}, {256, F}
    };
    for (int[] shape : shapes) {
      linear(N, shape[0], shape[1], DType.FLOAT32);
    }
    linear(N, C, F, DType.BFLOAT16);
  }

  private void head() {
    linear(CHUNK, C, V, DType.FLOAT32);
    Tensor logits = random(CHUNK, V);
    Indices targets = engine.indices(IntStream.range(0, CHUNK).map(i -> i * 7).toArray());
    TokenScores scores = TokenScores.allocate(engine, CHUNK, V);
    memory(
        "tokenLogProbs", (long) CHUNK * V, () -> engine.tokenLogProbs(logits, targets, 1, scores));
    memory(
        "tokenLogProbsBackwardInPlace",
        2L * CHUNK * V,
        () ->
            engine.tokenLogProbsBackwardInPlace(
                logits, targets, 1, scores.logSumExp(), scores.logProbs()));
    logits.close();
    targets.close();
    scores.close();
  }

  private void linear(int n, int in, int out, DType type) {
    Tensor x = random(n, in);
    Tensor y = random(n, out);
    Tensor dX = random(n, in);
    Tensor w = GuardedTensor.weight(engine, type, 1, out, in);
    Tensor dW = engine.allocate(out, in);
    String shape = " (%d, %d, %d) %s".formatted(n, in, out, type);
    double operations = 2.0 * n * in * out;
    gemm("matmul" + shape, operations, () -> engine.matmul(x, w, y));
    gemm("matmulInput" + shape, operations, () -> engine.matmulInput(y, w, 1, true, dX));
    if (type == DType.FLOAT32) {
      gemm(
          "matmulBackwardWeight" + shape,
          operations,
          () -> engine.matmulBackwardWeight(y, x, 1, dW));
    }
    Arrays.asList(x, y, dX, w, dW).forEach(Tensor::close);
  }

  private void rows() {
    Tensor x = random(N, C);
    Tensor y = random(N, C);
    Tensor dX = random(N, C);
    Tensor weight = random(C);
    Tensor rstd = random(N);
    long size = (long) N * C;
    memory("rmsNorm", 2 * size, () -> engine.rmsNorm(x, weight, 1e-5f, y, rstd));
    memory("rmsNormBackward", 4 * size, () -> engine.rmsNormBackward(x, weight, rstd, y, dX));
    memory(
        "rmsNormBackwardWeight", 2 * size, () -> engine.rmsNormBackwardWeight(x, rstd, y, weight));
    memory("addScaled", 3 * size, () -> engine.addScaled(x, 1e-3f, y));
    memory("addBias", 2 * size, () -> engine.addBias(y, weight));
    memory("dropout", 2 * size, () -> engine.dropout(x, 0.05f, 1, y));
    memory("copy", 2 * size, () -> engine.copy(x, y));
    memory("fill", size, () -> engine.fill(y, 0));
    Tensor cos = random(N, 32);
    Indices positions = engine.indices(IntStream.range(0, N).toArray());
    memory("rotate", 2 * size, () -> engine.rotate(y, 64, cos, cos, positions, false));
    Tensor gate = random(N, F);
    Tensor up = random(N, F);
    Tensor out = random(N, F);
    memory("swiGlu", 3L * N * F, () -> engine.gate(SILU, gate, up, out));
    memory("swiGluBackward", 5L * N * F, () -> engine.gateBackwardInPlace(SILU, gate, up, out));
    Arrays.asList(x, y, dX, weight, rstd, cos, gate, up, out).forEach(Tensor::close);
  }

  private void attention(String name, Segments segments) {
    Tensor q = random(N, C);
    Tensor k = random(N, 192);
    Tensor v = random(N, 192);
    Tensor y = random(N, C);
    Tensor lse = random(N, 9);
    Tensor dQ = random(N, C);
    Tensor dK = random(N, 192);
    Tensor dV = random(N, 192);
    AttentionMask mask = engine.mask(segments);
    AttentionTensors tensors = new AttentionTensors(q, k, v, y, lse);
    Gradients gradients = new Gradients(y, dQ, dK, dV);
    double pairs = 0; // of a query and a key that it sees
    for (int s = 0; s < segments.count(); s++) {
      double length = segments.end(s) - segments.start(s);
      pairs += length * (length + 1) / 2;
    }
    double operations = 4 * pairs * C;
    gemm("attention, " + name, operations, () -> engine.attention(tensors, HEADS, mask, 0.125f));
    gemm(
        "attentionBackward, " + name,
        2.5 * operations,
        () -> engine.attentionBackward(tensors, gradients, HEADS, mask, 0.125f));
    Arrays.asList(q, k, v, y, lse, dQ, dK, dV).forEach(Tensor::close);
  }

  /** What one operation costs when there is next to nothing to do. */
  private void small() {
    Tensor x = random(4, 16);
    Tensor w = random(16, 16);
    Tensor y = random(4, 16);
    memory("matmul of (4, 16, 16)", 384, () -> engine.matmul(x, w, y));
    memory("addScaled of 64 elements", 192, () -> engine.addScaled(x, 1, y));
    Arrays.asList(x, w, y).forEach(Tensor::close);
  }

  private Tensor random(long... shape) {
    return GuardedTensor.weight(engine, DType.FLOAT32, 1, shape);
  }

  private void gemm(String name, double operations, Runnable operation) {
    measure(name, operations, "GFLOPS", operation);
  }

  private void memory(String name, long elements, Runnable operation) {
    measure(name, 4.0 * elements, "GB/s", operation);
  }

  private void measure(String name, double amount, String unit, Runnable operation) {
    if (!name.contains(filter)) {
      return;
    }
    double best = Double.POSITIVE_INFINITY;
    long end = System.nanoTime() + (long) (seconds * 1e9);
    do {
      long start = System.nanoTime();
      operation.run();
      best = Math.min(best, (System.nanoTime() - start) * 1e-9);
    } while (System.nanoTime() < end);
    System.out.printf("%-50s %9.3f ms %8.1f %s%n", name, best * 1e3, amount * 1e-9 / best, unit);
  }
}
