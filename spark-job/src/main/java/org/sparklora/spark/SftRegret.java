package org.sparklora.spark;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.kernels.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.model.lora.LoraConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.OutputFolder;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.PrepManifest;
import org.sparklora.spark.regret.DataSize;
import org.sparklora.spark.regret.MachineMemory;
import org.sparklora.spark.regret.MachineMemory.Grantor;
import org.sparklora.spark.regret.OutcomeFinding;
import org.sparklora.spark.regret.PlannedRun;
import org.sparklora.spark.regret.RegretReport;
import org.sparklora.spark.regret.TrainingMemory;
import org.sparklora.spark.train.TrainedModel;

/**
 * The regret report of an {@code sft} run: makes a {@link PlannedRun} of its settings, its
 * checkpoint's headers and its table's manifest.
 *
 * @param checkpoint the base model's headers; no weights
 * @param lora what is trained, which an adapter to go on from may have decided; empty for all
 *     weights
 * @param machine the memory that a training process can have
 */
record SftRegret(
    SftConfig config,
    CheckpointHeaders checkpoint,
    Optional<LoraConfig> lora,
    MachineMemory machine) {

  /**
   * Before anything is prepared or loaded.
   *
   * @throws ConfigException if the run needs more memory than this machine has at all, unless
   *     {@code --no_check_memory} is given
   */
  static SftRegret start(SftConfig config, TrainedModel model, MachineMemory machine)
      throws IOException {
    SftRegret regret =
        new SftRegret(
            config, CheckpointHeaders.read(Path.of(model.checkpoint())), model.lora(), machine);
    if (config.batch().checkMemory()) {
      RegretReport.refusal(regret.run(config.sync().workers().orElse(1), Optional.empty()), machine)
          .ifPresent(
              reason -> {
                throw new ConfigException(
                    "per_device_train_batch_size", config.batch().rows(), reason);
              });
    }
    return regret;
  }

  /**
   * What can be said before the run; of the data only if its table is there.
   *
   * @param workers how many train
   */
  RegretReport report(Configuration hadoop, int workers) {
    return RegretReport.of(title(), run(workers, dataSize(hadoop)), machine);
  }

  /** Writes {@code regret.json}, with what the run has learned, into the results. */
  void write(
      Configuration hadoop, OutputFolder output, int workers, List<Map<String, Object>> history)
      throws IOException {
    PlannedRun run = run(workers, dataSize(hadoop));
    RegretReport whole = report(hadoop, workers).with(OutcomeFinding.of(run, history));
    var file = new org.apache.hadoop.fs.Path(output.work(), RegretReport.FILE_NAME);
    try (OutputStream out = file.getFileSystem(hadoop).create(file, true)) {
      out.write(whole.toJson().getBytes(StandardCharsets.UTF_8));
    }
  }

  private String title() {
    Path model = Path.of(config.model().folder()).toAbsolutePath().normalize().getFileName();
    return lora.map(adapter -> "LoRA of rank %d on %s".formatted(adapter.rank(), model))
        .orElse("full fine-tuning of " + model);
  }

  private Optional<DataSize> dataSize(Configuration hadoop) {
    return PrepManifest.find(hadoop, config.data())
        .map(PrepManifest::counts)
        .map(counts -> new DataSize(counts.rows(), counts.targetTokens(), counts.longestRow()));
  }

  private PlannedRun run(int workers, Optional<DataSize> data) {
    DecoderConfig model = checkpoint.config();
    return new PlannedRun(
        model,
        lora.map(adapter -> AdapterLayout.of(adapter, model)),
        memory(ownNetworks(workers)),
        batch(ownNetworks(workers)),
        config.optimizer().learningRate(),
        data);
  }

  private PlannedRun.Memory memory(int ownNetworks) {
    boolean keptAsStored =
        config.model().keepBfloat16()
            && checkpoint.storedType().equals(Optional.of(DType.BFLOAT16));
    int vectors =
        machine.grantor() == Grantor.CLUSTER
            ? TrainingMemory.executorVectors()
            : TrainingMemory.localVectors(ownNetworks);
    return new PlannedRun.Memory(keptAsStored ? DType.BFLOAT16 : DType.FLOAT32, false, vectors);
  }

  private PlannedRun.Batch batch(int ownBatches) {
    SftConfig.Batch batch = config.batch();
    int maxLength = config.data().maxLength();
    return new PlannedRun.Batch(
        batch.rows(),
        batch.rows() * batch.accumulation() * ownBatches,
        maxLength == PrepConfig.UNLIMITED ? checkpoint.config().maxPositionEmbeddings() : maxLength,
        batch.maxSteps(),
        batch.epochs());
  }

  /** Workers with a batch and a network of their own; summed gradients share one of each. */
  private int ownNetworks(int workers) {
    return config.sync().mode() == SftConfig.Sync.Mode.PARAMETERS ? workers : 1;
  }
}
