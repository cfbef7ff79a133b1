package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.model.ModelOutline;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.run.InitialParameters;
import org.sparklora.spark.run.TrainingSettings;
import org.sparklora.train.TrainedModel;

/** The outlines of the model, and of the adapter if set, that a command would read. */
record Outlines(ModelOutline base, Optional<ModelOutline> adapter) implements AutoCloseable {

  /** Reads the outlines, from any file system or the hub. */
  static Outlines of(ModelReference model, Optional<ModelReference> adapter, Configuration hadoop)
      throws IOException {
    ModelOutline base = model.outline(hadoop);
    try {
      return new Outlines(base, adapter.map(from -> from.outline(hadoop)));
    } catch (RuntimeException e) {
      base.close();
      throw e;
    }
  }

  static Outlines of(TrainingSettings training, Configuration hadoop) throws IOException {
    return of(training.model().reference(), training.startAdapter(), hadoop);
  }

  TrainedModel trained(TrainingSettings training) throws IOException {
    return InitialParameters.outlined(
        training.model(), training.lora(), base.source(), adapter.map(ModelOutline::source));
  }

  /**
   * Checks, without reading weights, that a training can load its model and adapter.
   *
   * @throws org.sparklora.text.json.CheckpointException if model or adapter cannot be loaded
   */
  static void requireTrainable(TrainingSettings training, Configuration hadoop) throws IOException {
    try (Outlines outlines = of(training, hadoop)) {
      outlines.trained(training).layout(); // refuses layers that the model does not have
      CheckpointHeaders.read(outlines.base().source().folder());
    }
  }

  /** Checks, without reading weights, that generation can load its model and adapter. */
  static void requireReadable(GenerateConfig.Model model, Configuration hadoop) throws IOException {
    try (Outlines outlines = of(model.base().reference(), model.adapter(), hadoop)) {
      CheckpointHeaders headers = CheckpointHeaders.read(outlines.base().source().folder());
      model.base().precision(headers.config());
      if (outlines.adapter().isPresent()) {
        AdapterFile.open(outlines.adapter().get().source().folder(), headers.config());
      }
    }
  }

  /** Downloads that a run on this machine would need first. */
  List<ModelOutline.Fetch> fetches() {
    return Stream.concat(base.fetch().stream(), adapter.flatMap(ModelOutline::fetch).stream())
        .toList();
  }

  @Override
  public void close() throws IOException {
    base.close();
    if (adapter.isPresent()) {
      adapter.get().close();
    }
  }
}
