package org.sparklora.spark.grpo;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.model.Decoder;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.observe.estimate.MachineMemory;
import org.sparklora.observe.estimate.TrainingMemory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.spark.generate.AdaptedModel;
import org.sparklora.spark.generate.GenerateConfig;
import org.sparklora.spark.run.ModelConfig;
import org.sparklora.text.Tokenizer;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.workers.LocalWorkers;
import org.sparklora.train.workers.Workers;

/**
 * On-policy distillation (Agarwal et al., 2024; Lu, 2025): the student learns from a teacher's
 * log-probabilities of the tokens that it draws itself, instead of from rewards. The loss is the
 * divergence from the reference policy, of which the teacher takes the place; with {@code
 * use_bias_correction_kl} its gradient is that of the reverse KL divergence of each token,
 *
 * <pre>
 * E[(p − r) · ∇p]        p, r: the student's and the teacher's log-probability of a drawn token
 * </pre>
 *
 * @param model the teacher; empty if the run has none
 */
record Teacher(Optional<AdaptedModel> model) implements AutoCloseable {

  /** These settings with a teacher's default of {@code beta}, if they name one. */
  static Settings completed(Settings settings) {
    if (settings.find(Flags.TEACHER_MODEL_NAME_OR_PATH).isEmpty()) {
      return settings;
    }
    Settings all = settings.withDefault(Flags.BETA, "1.0");
    ConfigException.require(
        all.get(Flags.BETA) > 0,
        Flags.BETA,
        all.get(Flags.BETA),
        "with a teacher it is the weight of all that is learnt; leave it out, or set it above 0");
    all.requireDefaults(
        List.of(Flags.USE_BIAS_CORRECTION_KL),
        "without it the gradient is not that of the divergence from the teacher; leave it out");
    all.requireDefaults(
        List.of(Flags.DYNAMIC_SAMPLING),
        "a teacher also teaches from completions of equal rewards; leave it out");
    all.requireDefaults(
        List.of(Flags.IMPORTANCE_SAMPLING_LEVEL), "a teacher teaches by token; leave it out");
    return all;
  }

  /**
   * Opens the teacher of a run, if it has one; weights are read when they are first needed.
   *
   * @throws ConfigException if the teacher has other tokens than the student, or does not fit into
   *     this process's memory
   */
  static Teacher open(
      Configuration hadoop, GrpoConfig config, TrainedModel student, Workers workers)
      throws IOException {
    Optional<ModelConfig> named = config.rewards().teacher();
    if (named.isEmpty()) {
      return new Teacher(Optional.empty());
    }
    AdaptedModel opened =
        AdaptedModel.open(hadoop, new GenerateConfig.Model(named.get(), Optional.empty()));
    Teacher teacher = new Teacher(Optional.of(opened));
    try {
      long bytes = bytes(named.get(), opened.model().checkpoint().folder());
      long here = MachineMemory.here().total();
      require(
          named.get(),
          !(workers instanceof LocalWorkers) || bytes < here,
          "its weights take %s MiB, and this process may use %s; name a smaller one"
              .formatted(bytes >> 20, here >> 20));
      require(
          named.get(),
          sameTokens(opened.model().tokenizer(), student.tokenizer()),
          "its tokens are not those of %s, whose completions it is to judge; name a teacher of the same family"
              .formatted(student.checkpoint().name()));
      return teacher;
    } catch (IOException | RuntimeException e) {
      teacher.close();
      throw e;
    }
  }

  private static void require(ModelConfig named, boolean holds, String remedy) {
    ConfigException.require(holds, Flags.TEACHER_MODEL_NAME_OR_PATH, named.name(), remedy);
  }

  /** Bytes of a teacher's weights, from the headers of its files. */
  static long bytes(ModelConfig named, Path folder) throws IOException {
    CheckpointHeaders headers = CheckpointHeaders.read(folder);
    Precision precision = named.precision(headers.config());
    Engine engine = Engines.of(named.engine());
    DType kept = Decoder.kept(precision.weights(), headers.matrixType(), engine);
    DType linear = Decoder.keptLinear(precision, kept, engine);
    return TrainingMemory.frozen(headers.config(), kept, linear);
  }

  /** Whether each id of one tokenizer means the same text to the other. */
  private static boolean sameTokens(Tokenizer one, Tokenizer other) {
    return one.fingerprint().equals(other.fingerprint())
        || one.vocabularySize() == other.vocabularySize()
            && IntStream.range(0, one.vocabularySize())
                .mapToObj(id -> new int[] {id})
                .allMatch(id -> one.decode(id, false).equals(other.decode(id, false)));
  }

  @Override
  public void close() {
    model.ifPresent(AdaptedModel::close);
  }
}
