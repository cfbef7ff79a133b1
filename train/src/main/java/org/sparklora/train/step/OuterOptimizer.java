package org.sparklora.train.step;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Path;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.train.resume.OptimizerFile;
import org.sparklora.train.vector.FlatVector;

/**
 * The optimizer of rounds, as in DiLoCo (arXiv 2311.08105): the mean change {@code c} of the
 * workers' parameters is a negative gradient for {@code torch.optim.SGD} with Nesterov momentum:
 * {@code m ← μ·m + c}, then the parameters change by {@code η·(c + μ·m)}. Rate 1 and momentum 0 are
 * the plain average. Not thread-safe.
 */
public final class OuterOptimizer implements AutoCloseable {
  private final Settings settings;
  private final FlatVector momentum;

  /** The learning rate η and the momentum μ. */
  public record Settings(double learningRate, double momentum) implements Serializable {
    /** Parameters become the mean of the workers'. */
    public static final Settings AVERAGE = new Settings(1, 0);
  }

  /** Begins with a momentum of zeros for {@code size} parameters. */
  public OuterOptimizer(Settings settings, long size) {
    this.settings = settings;
    this.momentum = new FlatVector(size);
  }

  /** Takes a step: replaces the mean change, float32, by the change of the driver's parameters. */
  void step(FlatVector change) {
    Engine engine = Engines.host();
    float mu = (float) settings.momentum();
    float eta = (float) settings.learningRate();
    try (FlatVector given = change.copy()) {
      Tensor next = change.changingOn(engine);
      engine.addScaled(momentum.on(engine), mu, next); // μ·m + c
      engine.copy(next, momentum.changingOn(engine));
      engine.fill(next, 0);
      engine.addScaled(given.on(engine), eta, next);
      engine.addScaled(momentum.on(engine), eta * mu, next);
    }
  }

  void write(Path checkpoint, ParameterLayout layout) throws IOException {
    OptimizerFile.OUTER.write(checkpoint, layout, momentum.on(Engines.host()));
  }

  void read(Path checkpoint, ParameterLayout layout) throws IOException {
    Engine host = Engines.host();
    OptimizerFile.OUTER.load(checkpoint, layout, host, momentum.changingOn(host));
  }

  @Override
  public void close() {
    momentum.close();
  }
}
