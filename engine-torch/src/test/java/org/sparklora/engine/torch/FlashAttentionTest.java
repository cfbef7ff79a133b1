package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.IntBuffer;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.Tensor;

/** How queries and keys are laid out for FlashAttention, with a kernel written out here. */
class FlashAttentionTest {
  private static final Heads HEADS = new Heads(6, 2, 8);

  /** Of bfloat16, in which the kernel gets its operands. */
  private static final float ROUNDING = 0x1p-7f;

  private final Engine engine = EnginesUnderTest.opened("torch:1");

  @Test
  void aQueryOfADecodingStepSeesItsOwnKeysByAllOfItsHeads() {
    List<Branch> branches =
        List.of(
            new Branch(0, 1, List.of(new Run(10, 60), new Run(90, 16)), 70),
            new Branch(1, 1, List.of(new Run(5, 3)), 3),
            new Branch(2, 1, List.of(new Run(0, 100)), 65));
    try (Tensor q = GuardedTensor.weight(engine, DType.FLOAT32, 1, 3, 48);
        Tensor k = GuardedTensor.weight(engine, DType.FLOAT32, 2, 110, 16);
        Tensor v = GuardedTensor.weight(engine, DType.FLOAT32, 3, 110, 16);
        Tensor y = engine.allocate(3, 48);
        Tensor sums = engine.allocate(3, 6);
        Tensor expected = engine.allocate(3, 48);
        Tensor expectedSums = engine.allocate(3, 6);
        TorchMask mask = (TorchMask) engine.mask(branches)) {
      AttentionTensors actual = new AttentionTensors(q, k, v, y, sums);
      AttentionTensors byProducts = new AttentionTensors(q, k, v, expected, expectedSums);
      new Scope(1)
          .run(
              () -> {
                new FlashAttention(FlashAttentionTest::kernel)
                    .forward(new BranchAttention.ByHead(actual, HEADS, 0.3f), mask);
                new ProductAttention()
                    .forward(new BranchAttention.ByHead(byProducts, HEADS, 0.3f), mask);
              });
      assertThat(y.toArray()).containsExactly(expected.toArray(), within(ROUNDING));
      assertThat(sums.toArray()).containsExactly(expectedSums.toArray(), within(ROUNDING));
    }
  }

  @Test
  void ofADecodingStepGetsAsFarAsProcessorsLetIt() {
    try (Tensor q = engine.allocate(1, 48);
        Tensor k = engine.allocate(4, 16);
        Tensor sums = engine.allocate(1, 6);
        TorchMask mask =
            (TorchMask) engine.mask(List.of(new Branch(0, 1, List.of(new Run(0, 4)), 3)))) {
      BranchAttention.ByHead in =
          new BranchAttention.ByHead(new AttentionTensors(q, k, k, q, sums), HEADS, 1);
      assertThatThrownBy(() -> new Scope(1).run(() -> new FlashAttention().forward(in, mask)))
          .hasMessageContaining("Could not run 'aten::_flash_attention_forward'");
    }
  }

  @Test
  void aWindowIsCountedFromEachQueryToTheLeft() {
    try (Tensor q = engine.allocate(4, 48);
        Tensor k = engine.allocate(4, 16);
        Tensor sums = engine.allocate(4, 6);
        AttentionMask all = engine.mask(List.of(new Branch(0, 4, List.of(new Run(0, 4)), 4)))) {
      BranchAttention.ByHead in =
          new BranchAttention.ByHead(new AttentionTensors(q, k, k, q, sums), HEADS, 1);
      TorchMask mask = (TorchMask) all.within(3);
      Function<Map<String, IValue>, org.bytedeco.pytorch.Tensor[]> checking =
          arguments -> {
            assertThat(arguments.get("window_size_left").toInt()).isEqualTo(2);
            assertThat(arguments.get("window_size_right").toInt()).isZero();
            return Operator.of("aten::_flash_attention_forward").call(arguments);
          };
      assertThatThrownBy(
              () -> new Scope(1).run(() -> new FlashAttention(checking).forward(in, mask)))
          .hasMessageContaining("Could not run 'aten::_flash_attention_forward'");
    }
  }

  /** Each query sees all keys of its text that are in use: output, and log-sum-exps (heads, N). */
  private static org.bytedeco.pytorch.Tensor[] kernel(Map<String, IValue> arguments) {
    org.bytedeco.pytorch.Tensor q = arguments.get("query").toTensor();
    int[] queryEnds = ints(arguments.get("cum_seq_q"));
    int[] keyEnds = ints(arguments.get("cum_seq_k"));
    int[] used = ints(arguments.get("seqused_k"));
    org.bytedeco.pytorch.Tensor wide = q.to(ScalarType.Float);
    org.bytedeco.pytorch.Tensor y = torch.zeros_like(wide);
    org.bytedeco.pytorch.Tensor sums =
        torch.zeros(new long[] {q.size(1), q.size(0)}, wide.options());
    for (int text = 0; text < used.length; text++) {
      org.bytedeco.pytorch.Tensor k = part(arguments.get("key"), keyEnds[text], used[text]);
      org.bytedeco.pytorch.Tensor v = part(arguments.get("value"), keyEnds[text], used[text]);
      for (int n = queryEnds[text]; n < queryEnds[text + 1]; n++) {
        org.bytedeco.pytorch.Tensor scores = // (K, keys)
            k.mul(wide.select(0, n))
                .sum(2)
                .t()
                .mul(new org.bytedeco.pytorch.Scalar(arguments.get("scale").toDouble()));
        org.bytedeco.pytorch.Tensor sum = torch.logsumexp(scores, new long[] {1}, true);
        org.bytedeco.pytorch.Tensor p = scores.sub(sum).exp(); // (K, keys)
        y.select(0, n).copy_(p.t().unsqueeze(2).mul(v).sum(0));
        sums.select(1, n).copy_(sum.view(-1));
      }
    }
    return new org.bytedeco.pytorch.Tensor[] {y, sums};
  }

  private static org.bytedeco.pytorch.Tensor part(IValue x, long from, long count) {
    return x.toTensor().narrow(0, from, count).to(ScalarType.Float);
  }

  private static int[] ints(IValue x) {
    IntBuffer buffer = x.toTensor().contiguous().createBuffer();
    int[] values = new int[buffer.remaining()];
    buffer.get(values);
    return values;
  }
}
