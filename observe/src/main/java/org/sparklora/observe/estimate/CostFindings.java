package org.sparklora.observe.estimate;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.RoundedProducts;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.estimate.Finding.Severity;

/** The findings on the cost of a run: compute, memory, and whether the machine has enough. */
final class CostFindings {
  /** DL4J counts an optimizer's two moments in 32 bits. */
  private static final long MOST_TRAINED_PARAMETERS = Integer.MAX_VALUE / 2;

  private CostFindings() {}

  /** Explains with figures and remedies why the memory does not suffice. */
  static String shortage(PlannedRun run, TrainingMemory memory, MachineMemory machine) {
    return new Figures("refusal")
        .word("peak", memory.total())
        .word("base", memory.base())
        .word("parameters", memory.parameters())
        .word("activations", memory.activations())
        .word("holder", machine.grantor().holder())
        .word("total", machine.total())
        .word("remedy", remedy(run))
        .words("text");
  }

  private static String remedy(PlannedRun run) {
    Figures remedy = new Figures("remedy");
    if (run.generation().isPresent()) {
      return remedy.words("completions");
    }
    if (run.adapter().isEmpty()) {
      return remedy.words("all_weights");
    }
    return remedy.words(run.memory().linearWeights() == DType.FLOAT32 ? "adapter" : "halved");
  }

  static List<Finding> of(PlannedRun run, MachineMemory machine) {
    List<Finding> findings = new ArrayList<>();
    run.adapter().ifPresent(adapter -> findings.add(compute(run, adapter)));
    TrainingMemory planned = TrainingMemory.of(run);
    findings.add(memory(run, planned));
    if (run.adapter().isPresent()) {
      findings.add(fullMemory(run, planned, TrainingMemory.of(run, Optional.empty())));
    }
    run.generation()
        .filter(generation -> generation.completions() > 0)
        .ifPresent(generation -> findings.add(generating(run, generation)));
    run.generation()
        .map(PlannedRun.Generation::teacherBytes)
        .filter(bytes -> bytes > 0)
        .ifPresent(bytes -> findings.add(teacher(bytes, machine)));
    run.memory().bfloat16().ifPresent(engine -> findings.add(bfloat16(run, engine)));
    findings.add(gpu(run, GpuMemory.of(run)));
    findings.add(machine(run, peak(run, planned), machine));
    return findings;
  }

  private static Finding compute(PlannedRun run, AdapterLayout adapter) {
    double ratio = TrainingCompute.relativeToFullFineTuning(adapter, run.model());
    return new Figures("compute")
        .value("relative_compute", ratio)
        .value(
            "relative_compute_recomputing",
            TrainingCompute.relativeToFullFineTuningRecomputing(adapter, run.model()))
        .finding(ratio < 1 ? Severity.OK : Severity.NOTE, ratio < 1 ? "less" : "more");
  }

  private static Finding memory(PlannedRun run, TrainingMemory memory) {
    long trained = run.adapter().map(ParameterLayout::size).orElseGet(() -> weights(run));
    boolean trainable = trained <= MOST_TRAINED_PARAMETERS;
    Figures figures =
        new Figures("memory")
            .variant(run.adapter().isPresent() ? "" : "all_weights")
            .value("peak_bytes", memory.total())
            .value("runtime_bytes", memory.runtime())
            .value("base_bytes", memory.base())
            .value("parameter_bytes", memory.parameters())
            .value("activation_bytes", memory.activations())
            .value("micro_batch_tokens", run.microBatchTokens());
    figures.word("terms", figures.words("fits"));
    return figures.finding(
        trainable ? Severity.OK : Severity.REGRET, trainable ? "fits" : "too_large");
  }

  private static Finding fullMemory(PlannedRun run, TrainingMemory planned, TrainingMemory full) {
    boolean trainable = weights(run) <= MOST_TRAINED_PARAMETERS;
    return new Figures("full_memory")
        .value("peak_bytes", full.total())
        .value("trainable_here", trainable)
        .word("share", 100.0 * planned.total() / full.total())
        .finding(
            planned.total() < full.total() ? Severity.OK : Severity.NOTE,
            trainable ? "trainable" : "too_large");
  }

  private static long weights(PlannedRun run) {
    return WeightLayout.of(run.model()).size();
  }

  private static Finding generating(PlannedRun run, PlannedRun.Generation generation) {
    return new Figures("generating")
        .variant(generation.packedWeightBytes() == 0 ? "" : "copied")
        .value("key_value_bytes", keysAndValues(run, generation.completions()))
        .value("key_value_bytes_in_flight", keysAndValues(run, generation.inFlight()))
        .value("packed_weight_bytes", generation.packedWeightBytes())
        .word("completions", generation.completions())
        .word("in_flight", generation.inFlight())
        .finding(Severity.OK, "beside");
  }

  private static Finding teacher(long bytes, MachineMemory machine) {
    boolean fits = bytes < machine.total();
    return new Figures("teacher")
        .value("weight_bytes", bytes)
        .finding(fits ? Severity.OK : Severity.REGRET, fits ? "beside" : "too_large");
  }

  /** Bytes of keys and values of some completions, all at their greatest length. */
  private static long keysAndValues(PlannedRun run, long completions) {
    long slots =
        run.model().layers().stream()
            .mapToLong(layer -> TrainingMemory.slots(layer, run.batch().maxRowTokens()))
            .sum();
    return 2 * completions * slots * run.model().heads().keyValueWidth() * Float.BYTES;
  }

  /** Peak memory, reached during generation, when the activations are still allocated. */
  private static long peak(PlannedRun run, TrainingMemory training) {
    long generating =
        run.generation()
            .map(of -> keysAndValues(run, of.inFlight()) + of.packedWeightBytes())
            .orElse(0L);
    long teacher = run.generation().map(PlannedRun.Generation::teacherBytes).orElse(0L);
    return training.total() + generating + teacher;
  }

  /** The share of products in bfloat16: none on some CPUs, and for small micro-batches. */
  private static Finding bfloat16(PlannedRun run, Engine engine) {
    RoundedProducts products =
        RoundedProducts.of(
            run.model(),
            run.adapter(),
            run.memory().gradientCheckpointing(),
            engine,
            run.microBatchTokens());
    return new Figures("bf16")
        .value("rounded_products", products.rounded())
        .value("products", products.all())
        .word("tokens", run.microBatchTokens())
        .word("few_rows", products.fewRows())
        .word("most_few_rows", products.mostFewRows())
        .word("narrow", products.narrow())
        .word("engine", engine.description())
        .finding(
            products.rounded() > 0 ? Severity.OK : Severity.NOTE,
            run.memory().products() == DType.BFLOAT16 ? float32Products(products) : "slow");
  }

  private static String float32Products(RoundedProducts products) {
    if (products.narrow() == 0) {
      return products.fewRows() == 0 ? "all" : "few_rows";
    }
    return products.fewRows() == 0 ? "narrow" : "few_rows_and_narrow";
  }

  private static Finding gpu(PlannedRun run, GpuMemory memory) {
    boolean fits = !memory.fitting().isEmpty();
    Figures figures =
        new Figures("gpu")
            .value("peak_bytes", memory.total())
            .value("context_bytes", memory.context())
            .value("weight_bytes", memory.weights())
            .value("parameter_bytes", memory.parameters())
            .value("activation_bytes", memory.activations())
            .value("head_chunk_bytes", memory.headChunk())
            .value("key_value_bytes", memory.cache())
            .value("fits_gb", memory.fitting())
            .word("fit", memory.fit())
            .word("remedy", remedy(run));
    figures.word("cache", memory.cache() == 0 ? "" : figures.words("cache"));
    figures.word("terms", figures.words("fits"));
    return figures.finding(fits ? Severity.OK : Severity.NOTE, fits ? "fits" : "too_large");
  }

  private static Finding machine(PlannedRun run, long needed, MachineMemory machine) {
    Figures figures =
        new Figures("machine")
            .value("total_bytes", machine.total())
            .value("available_bytes", machine.available())
            .word("holder", machine.grantor().holder())
            .word("remedy", remedy(run));
    if (needed > machine.total()) {
      return figures.finding(Severity.REGRET, "too_small");
    }
    return needed > machine.available()
        ? figures.finding(Severity.NOTE, "busy")
        : figures.finding(Severity.OK, "fits");
  }
}
