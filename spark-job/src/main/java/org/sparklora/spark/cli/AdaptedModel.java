package org.sparklora.spark.cli;

import java.io.IOException;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.spark.generate.GenerateConfig;

/**
 * The open checkpoint, and the adapter on it if the user named one, of a command without a cluster.
 */
record AdaptedModel(CheckpointFolder checkpoint, Optional<AdapterFile> adapter)
    implements AutoCloseable {

  /**
   * Opens the model and the adapter of {@code model_name_or_path} and {@code adapter}.
   *
   * @throws org.sparklora.text.json.CheckpointException if one of them is damaged, or the adapter
   *     was trained on another model
   */
  static AdaptedModel open(GenerateConfig.Model named) throws IOException {
    ModelReference model = named.base();
    CheckpointFolder checkpoint = CheckpointFolder.open(model.folder());
    try {
      Optional<ModelReference> on = named.adapter();
      return new AdaptedModel(
          checkpoint,
          on.isPresent()
              ? Optional.of(AdapterFile.open(on.get().folder(), model.name(), checkpoint))
              : Optional.empty());
    } catch (IOException | RuntimeException e) {
      checkpoint.close();
      throw e;
    }
  }

  /** The adapter's layout; empty without an adapter. */
  ParameterLayout layout() {
    return adapter.<ParameterLayout>map(AdapterFile::layout).orElse(ParameterLayout.none());
  }

  /** The adapter's factors in {@link #layout}, which the caller closes. */
  Tensor parameters(Engine engine) throws IOException {
    Tensor parameters = engine.allocate(layout().size());
    try {
      if (adapter.isPresent()) {
        adapter.get().load(engine, parameters);
      }
      return parameters;
    } catch (IOException | RuntimeException e) {
      parameters.close();
      throw e;
    }
  }

  @Override
  public void close() throws IOException {
    checkpoint.close();
  }
}
