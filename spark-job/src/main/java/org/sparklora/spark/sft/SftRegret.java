package org.sparklora.spark.sft;

import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.estimate.AbsorbedBits;
import org.sparklora.observe.estimate.MachineMemory;
import org.sparklora.observe.estimate.MachineMemory.Grantor;
import org.sparklora.observe.estimate.PlannedRun;
import org.sparklora.observe.estimate.PlannedRun.DataSize;
import org.sparklora.observe.estimate.RegretReport;
import org.sparklora.observe.estimate.RoundTraffic;
import org.sparklora.observe.estimate.TrainingMemory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.prep.PrepConfig;
import org.sparklora.prep.TableManifest;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.step.AveragingSettings;

/**
 * The regret report of an {@code sft} run: makes a {@link PlannedRun} from the run's settings,
 * checkpoint headers and table manifest.
 *
 * @param headers of the base model's checkpoint
 * @param hadoop finds the table's manifest
 * @param machine memory for a training process
 */
public record SftRegret(
    SftConfig config,
    TrainedModel model,
    CheckpointHeaders headers,
    Configuration hadoop,
    MachineMemory machine) {

  /** Reads the checkpoint's headers. */
  public static SftRegret of(
      SftConfig config, TrainedModel model, Configuration hadoop, MachineMemory machine)
      throws IOException {
    CheckpointHeaders headers = CheckpointHeaders.read(model.checkpoint().folder());
    return new SftRegret(config, model, headers, hadoop, machine);
  }

  /**
   * Checks the memory; to be called before the table is made, and again before the model is loaded:
   * the length of rows that are not packed is known only from their table.
   *
   * @throws ConfigException if the run needs more memory than {@code machine} has, unless {@code
   *     --no_check_memory} is given
   */
  SftRegret requireMemory() {
    Optional<DataSize> data = dataSize();
    boolean lengthsKnown = data.isPresent() || config.table().packing().enabled();
    if (config.batch().checkMemory() && lengthsKnown) {
      RegretReport.refusal(run(config.sync().workers().orElse(1), data), machine)
          .ifPresent(
              reason -> {
                throw new ConfigException(
                    Flags.PER_DEVICE_TRAIN_BATCH_SIZE, config.batch().rows(), reason);
              });
    }
    return this;
  }

  /** The planned run of one worker, or of {@code num_workers} if set. */
  public PlannedRun planned() {
    return run(config.sync().workers().orElse(1), dataSize());
  }

  /** The report before the run; with figures of the data only if its table exists. */
  public RegretReport before(int workers) {
    RegretReport report =
        RegretReport.of(
            RegretReport.title(model.checkpoint().name(), model.lora()),
            run(workers, dataSize()),
            machine);
    return workers == 1 ? report : report.with(traffic(workers).finding());
  }

  private RoundTraffic traffic(int workers) {
    long parameters = model.layout().size();
    return new RoundTraffic(
        workers,
        config.sync().averaging().map(AveragingSettings::frequency).orElse(1),
        config.sync().resultBytes(parameters),
        parameters);
  }

  /** The report after the run, with the outcome of its history: {@code regret.json}. */
  RegretReport after(int workers, List<Map<String, Object>> history) {
    return before(workers).with(AbsorbedBits.finding(run(workers, dataSize()), history));
  }

  private Optional<DataSize> dataSize() {
    return TableManifest.find(hadoop, config.table())
        .map(
            table ->
                new DataSize(
                    table.count("rows"),
                    table.count("target_tokens"),
                    (int) table.count("longest_row")));
  }

  private PlannedRun run(int workers, Optional<DataSize> data) {
    int ownNetworks = config.sync().networks(workers);
    int vectors =
        machine.grantor() == Grantor.CLUSTER
            ? TrainingMemory.VECTORS_OF_AN_EXECUTOR
            : localVectors(ownNetworks);
    return new PlannedRun(
        headers.config(),
        model.lora().map(adapter -> AdapterLayout.of(adapter, headers.config())),
        PlannedRun.Memory.of(model, headers, vectors),
        batch(ownNetworks),
        config.optimizer().learningRate(),
        data,
        Optional.empty());
  }

  /**
   * Vectors of one process that is all workers in turn: several need as many as two. With an outer
   * step a single worker, too, has a network of its own, and the process keeps between rounds:
   * parameters at the start of the round and at the snapshot, momentum, mean change; each worker's
   * moments, and those of the snapshot, and as many bytes of updates as two of these.
   */
  private int localVectors(int workers) {
    boolean keeps = config.sync().averaging().filter(AveragingSettings::hasOuterStep).isPresent();
    return keeps
        ? TrainingMemory.localVectors(2) + 4 + 8 * workers
        : TrainingMemory.localVectors(Math.min(2, workers));
  }

  private PlannedRun.Batch batch(int ownBatches) {
    SftConfig.Batch batch = config.batch();
    int maxLength = config.table().maxLength();
    return new PlannedRun.Batch(
        batch.rows(),
        batch.rows() * batch.accumulation() * ownBatches,
        maxLength == PrepConfig.UNLIMITED ? headers.config().maxPositionEmbeddings() : maxLength,
        config.course().maxSteps(),
        config.course().epochs());
  }
}
