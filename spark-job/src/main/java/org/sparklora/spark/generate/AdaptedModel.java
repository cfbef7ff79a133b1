package org.sparklora.spark.generate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.model.ModelSource;
import org.sparklora.spark.run.InitialParameters;
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
      TrainedModel model = TrainedModel.frozen(base, precision);
      Optional<AdapterFile> adapter = Optional.empty();
      Path folder = base.folder();
      if (named.adapter().isPresent()) {
        folder = named.adapter().get().folder(hadoop);
        AdapterFile file = AdapterFile.open(folder, base.name(), checkpoint);
        adapter = Optional.of(file);
        model = TrainedModel.adapter(base, file.layout().config(), precision, false, 0);
      }
      Path state = folder.resolve(TrainerState.FILE_NAME);
      int version = Files.exists(state) ? TrainerState.steps(Files.readString(state)) : 0;
      TrainedModel read = model.reading(named.base().dialect()).computedBy(named.base().engine());
      FlatVector parameters =
          adapter.isPresent()
              ? new InitialParameters(read, adapter, 0).vector()
              : new FlatVector(0);
      ExecutorModel.hold(read);
      return new AdaptedModel(read, parameters, version);
    }
  }

  @Override
  public void close() {
    parameters.close();
    ExecutorModel.release(model);
  }
}
