package org.sparklora.engine.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.model.engine.AttentionMask;
import org.sparklora.model.engine.AttentionTensors;
import org.sparklora.model.engine.AttentionTensors.Gradients;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.GuardedTensor;
import org.sparklora.model.engine.Heads;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.DType;

/** Operators by name: one that processors have, and FlashAttention, which only GPUs have. */
class OperatorTest {
  private final Scope scope = new Scope(1);
  private final Engine engine = EnginesUnderTest.opened("torch:1");

  /** libtorch's own attention on processors beside this engine's. */
  @Test
  void anOperatorOfProcessorsIsCalledByTheNamesOfItsArguments() {
    int n = 70;
    Heads heads = new Heads(3, 3, 16);
    try (org.sparklora.model.engine.tensor.Tensor q = random(1, n, 48);
        org.sparklora.model.engine.tensor.Tensor k = random(2, n, 48);
        org.sparklora.model.engine.tensor.Tensor v = random(3, n, 48);
        org.sparklora.model.engine.tensor.Tensor y = engine.allocate(n, 48);
        org.sparklora.model.engine.tensor.Tensor sums = engine.allocate(n, 3);
        AttentionMask mask = engine.mask(Segments.ofLengths(n))) {
      engine.attention(new AttentionTensors(q, k, v, y, sums), heads, mask, 0.25f);
      scope.run(
          () -> {
            Map<String, IValue> arguments = new HashMap<>();
            arguments.put("query", batch(q, n));
            arguments.put("key", batch(k, n));
            arguments.put("value", batch(v, n));
            arguments.put("dropout_p", new IValue(0d));
            arguments.put("is_causal", new IValue(true));
            arguments.put("scale", new IValue(0.25));
            Tensor[] results =
                Operator.of("aten::_scaled_dot_product_flash_attention_for_cpu").call(arguments);
            assertThat(results).hasSize(2);
            Tensor own = TorchTensor.of(y).as(n, 3, 16).transpose(0, 1);
            assertThat(torch.allclose(results[0].select(0, 0), own, 1e-5, 1e-5, false)).isTrue();
            Tensor ownSums = TorchTensor.of(sums).as(n, 3);
            assertThat(torch.allclose(results[1].select(0, 0).t(), ownSums, 1e-5, 1e-5, false))
                .isTrue();
          });
    }
  }

  private org.sparklora.model.engine.tensor.Tensor random(long seed, int rows, int columns) {
    return GuardedTensor.weight(engine, DType.FLOAT32, seed, rows, columns);
  }

  private static IValue batch(org.sparklora.model.engine.tensor.Tensor x, int n) {
    return new IValue(TorchTensor.of(x).as(1, n, 3, 16).transpose(1, 2));
  }

  @Test
  void anArgumentThatDoesNotExistIsRefused() {
    assertThatThrownBy(
            () ->
                scope.run(
                    () ->
                        Operator.of("aten::mm")
                            .call(Map.of("self", new IValue(1d), "scale", new IValue(1d)))))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("aten::mm with [scale]");
  }

  @Test
  void nothingIsGatheredForDocumentsThatShareNothing() {
    try (TorchMask own = (TorchMask) engine.mask(Segments.ofLengths(4, 1, 2));
        TorchMask shared =
            (TorchMask) engine.mask(Segments.ofLengths(4, 2).continuing(new int[] {-1, 0}))) {
      assertThat(own.isInOrder(7)).isTrue();
      assertThat(own.isInOrder(8)).as("rows that nobody attends with").isFalse();
      assertThat(shared.isInOrder(6)).isFalse();
    }
  }

  /** Its arguments are this libtorch's; what is missing here is the GPU. */
  @ParameterizedTest
  @CsvSource({"false, -1", "true, -1", "false, 0", "true, 0"})
  void flashAttentionGetsAsFarAsProcessorsLetIt(boolean backward, int continued) {
    int n = 7;
    Segments documents = Segments.ofLengths(4, 2, 1).continuing(new int[] {-1, continued, -1});
    try (org.sparklora.model.engine.tensor.Tensor q = random(1, n, 32);
        org.sparklora.model.engine.tensor.Tensor k = random(2, n, 16);
        org.sparklora.model.engine.tensor.Tensor sums = engine.allocate(n, 4);
        TorchMask mask = (TorchMask) engine.mask(documents)) {
      AttentionTensors tensors = new AttentionTensors(q, k, k, q, sums);
      Gradients gradients = new Gradients(q, q, k, k);
      assertThatThrownBy(() -> scope.run(() -> attend(tensors, gradients, mask, backward)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("Could not run 'aten::_flash_attention_")
          .hasMessageContaining("from the 'CPU' backend");
    }
  }

  private static void attend(
      AttentionTensors tensors, Gradients gradients, TorchMask mask, boolean backward) {
    BranchAttention.ByHead in = new BranchAttention.ByHead(tensors, new Heads(4, 2, 8), 1);
    if (backward) {
      new FlashAttention().backward(in, gradients, mask);
    } else {
      new FlashAttention().forward(in, mask);
    }
  }
}
