package org.sparklora.engine.torch;

import java.util.HashMap;
import java.util.Map;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.AdamW;

/**
 * AdamW by libtorch's fused kernel, that of {@code torch.optim.AdamW(fused=True)}: one launch and
 * one pass over each vector, also on a GPU.
 */
final class Optimizer {
  private Optimizer() {}

  static void adamW(TorchDevice device, AdamW.Vectors of, AdamW step) {
    long size = of.parameters().size();
    long decayed = Math.min(step.decayed(), size);
    adamW(device, of, step, 0, decayed, step.weightDecay());
    adamW(device, of, step, decayed, size, 0);
    TorchTensor.of(of.gradient()).flat().zero_();
  }

  /** Updates elements {@code [from, to)}, which have one weight decay. */
  private static void adamW(
      TorchDevice device, AdamW.Vectors of, AdamW step, long from, long to, double decay) {
    if (from == to) {
      return;
    }
    Map<String, IValue> arguments = new HashMap<>();
    arguments.put("self", part(of.parameters(), from, to));
    arguments.put("grads", part(of.gradient(), from, to));
    arguments.put("exp_avgs", part(of.first(), from, to));
    arguments.put("exp_avg_sqs", part(of.second(), from, to));
    arguments.put("max_exp_avg_sqs", Operator.list());
    arguments.put("state_steps", Operator.list(one(device, step.step())));
    arguments.put("lr", new IValue(step.learningRate()));
    // rounded to float32, so that the kernel's 1 − β is that of all engines
    arguments.put("beta1", new IValue((double) (float) step.beta1()));
    arguments.put("beta2", new IValue((double) (float) step.beta2()));
    arguments.put("weight_decay", new IValue(decay));
    arguments.put("eps", new IValue(step.epsilon()));
    arguments.put("amsgrad", new IValue(false));
    arguments.put("maximize", new IValue(false));
    if (step.scale() != 1) {
      arguments.put("grad_scale", new IValue(one(device, 1 / step.scale()))); // a divisor
    }
    Operator.of("aten::_fused_adamw_").call(arguments);
  }

  private static IValue part(org.sparklora.model.engine.tensor.Tensor vector, long from, long to) {
    return Operator.list(TorchTensor.of(vector).flat().narrow(0, from, to - from));
  }

  /** One float32 on the device. */
  private static Tensor one(TorchDevice device, double value) {
    return device.doubles(value).to(ScalarType.Float);
  }
}
