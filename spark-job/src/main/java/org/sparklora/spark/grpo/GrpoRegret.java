package org.sparklora.spark.grpo;

import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.ActivationMemory;
import org.sparklora.model.Decoder;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.estimate.PlannedRun;
import org.sparklora.observe.estimate.TrainingMemory;
import org.sparklora.pipeline.model.ModelOutline;
import org.sparklora.prep.PromptsConfig;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.RoundSteps;

/**
 * Makes a {@link PlannedRun} from the settings of a {@code grpo} run, for its regret report.
 *
 * @param teacherBytes bytes of a teacher's weights; 0 without one
 */
public record GrpoRegret(GrpoConfig config, long teacherBytes) {
  /** Tokens of a prompt if {@code max_prompt_length} sets no bound; also the guide's value. */
  private static final int ASSUMED_PROMPT_TOKENS = 1024;

  /**
   * Vectors of a process whose workers average every few steps, beside the driver's: a worker's
   * parameters, gradient and moments, its share of the means, the means, and a copy of the moments.
   */
  private static final int LOCAL_STEP_VECTORS = 4 + 3 + 3 + 2;

  /** Reads the outline of the run's teacher, if it has one. */
  public static GrpoRegret of(GrpoConfig config, Configuration hadoop) throws IOException {
    Optional<ModelConfig> teacher = config.rewards().teacher();
    if (teacher.isEmpty()) {
      return new GrpoRegret(config, 0);
    }
    try (ModelOutline outline = teacher.get().reference().outline(hadoop)) {
      return new GrpoRegret(config, Teacher.bytes(teacher.get(), outline.source().folder()));
    }
  }

  /** The planned run, from the checkpoint's headers. */
  public PlannedRun planned(TrainedModel model) throws IOException {
    CheckpointHeaders headers = CheckpointHeaders.read(model.checkpoint().folder());
    DecoderConfig shapes = headers.config();
    PlannedRun.Memory memory = PlannedRun.Memory.of(model, headers, vectors());
    int promptTokens = config.table().maxPromptLength();
    int bound = promptTokens == PromptsConfig.UNLIMITED ? ASSUMED_PROMPT_TOKENS : promptTokens;
    int rowTokens =
        Math.min(
            shapes.maxPositionEmbeddings(),
            bound + config.rounds().sampling().maxCompletionLength());
    RoundSteps batch = config.batch();
    boolean drawsHere = config.rounds().vllm().isEmpty();
    DType head = model.lora().isPresent() ? memory.baseWeights() : DType.FLOAT32;
    return new PlannedRun(
        shapes,
        model.lora().map(adapter -> AdapterLayout.of(adapter, shapes)),
        memory,
        new PlannedRun.Batch(
            batch.rows(),
            batch.rows() * batch.accumulation(), // gradients are summed over the workers
            rowTokens,
            config.course().maxSteps(),
            config.course().epochs()),
        config.optimizer().learningRate(),
        Optional.empty(),
        Optional.of(
            new PlannedRun.Generation(
                drawsHere ? config.rounds().sampling().numGenerations() : 0,
                batch.generationSize(),
                drawsHere ? copies(model, shapes, head) : 0,
                teacherBytes,
                reference() + (drawsHere ? config.rounds().executors().ahead() : 0))));
  }

  /** Vectors as large as the trained parameters that this process holds at its peak. */
  private int vectors() {
    return TrainingMemory.localVectors(1)
        + (config.batch().localSteps() > 1 ? LOCAL_STEP_VECTORS : 1) // a micro-batch's gradient
        + (config.batch().outer().isPresent() ? 1 : 0) // its momentum
        + reference()
        + config.rounds().executors().ahead(); // policies of the rounds ahead
  }

  /** The number of vectors of the reference policy, one or none. */
  private int reference() {
    return config.loss().divergence().beta() > 0 && teacherBytes == 0 ? 1 : 0;
  }

  private static long copies(TrainedModel model, DecoderConfig shapes, DType head) {
    Engine engine = Engines.of(model.engine()).withProductsIn(model.precision().products());
    DType linear = Decoder.keptLinear(model.precision(), head, engine);
    return ActivationMemory.packedWeights(shapes, head, linear, engine);
  }
}
