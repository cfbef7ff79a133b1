package org.sparklora.spark.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.train.ExecutorModel;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.TrainerState;
import org.sparklora.train.vector.FlatVector;

/**
 * A model, with an adapter if the user named one, that is used and not trained. Its base weights
 * are read when they are first needed, and stay in this process's memory until this is closed.
 *
 * @param model the base model and the adapter's settings
 * @param parameters the adapter's factors; empty without an adapter
 * @param version optimizer steps that trained the model or adapter, if its folder says so; else 0
 */
public record AdaptedModel(TrainedModel model, FlatVector parameters, int version)
    implements AutoCloseable {

  /**
   * Locates the files, checks them and reads the adapter.
   *
   * @throws org.sparklora.text.json.CheckpointException if a file is damaged, or the adapter was
   *     trained on another model
   */
  public static AdaptedModel open(Configuration hadoop, GenerateConfig.Model named)
      throws IOException {
    ModelSource base = named.base().reference().locate(hadoop, ModelSource.Part.WHOLE);
    try (CheckpointFolder checkpoint = CheckpointFolder.open(base.folder())) {
      Precision precision = named.base().precision(checkpoint.config());
      Optional<ModelReference> adapter = named.adapter();
      if (adapter.isEmpty()) {
        return of(named.base(), TrainedModel.frozen(base, precision), base.folder());
      }
      AdapterFile file = AdapterFile.open(adapter.get().folder(hadoop), base.name(), checkpoint);
      AdaptedModel opened =
          of(
              named.base(),
              TrainedModel.adapter(base, file.layout().config(), precision, false, 0),
              file.folder());
      try {
        Engine engine = Engines.host();
        FlatVector factors = opened.parameters();
        file.load(engine, engine.alias(factors.pointer(), factors.size()).tensor());
        return opened;
      } catch (IOException | RuntimeException e) {
        opened.close();
        throw e;
      }
    }
  }

  private static AdaptedModel of(ModelConfig named, TrainedModel model, Path folder)
      throws IOException {
    Path state = folder.resolve(TrainerState.FILE_NAME);
    int version = Files.exists(state) ? TrainerState.steps(Files.readString(state)) : 0;
    TrainedModel read = model.reading(named.dialect()).computedBy(named.engine());
    AdaptedModel opened = new AdaptedModel(read, new FlatVector(read.layout().size()), version);
    ExecutorModel.hold(read);
    return opened;
  }

  @Override
  public void close() {
    parameters.close();
    ExecutorModel.release(model);
  }
}
