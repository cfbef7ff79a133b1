package org.sparklora.observe.estimate;

import static org.sparklora.observe.estimate.Figures.format;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sparklora.model.RoundedProducts;
import org.sparklora.model.WeightLayout;
import org.sparklora.model.engine.DType;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.observe.estimate.Finding.Severity;

/** The findings on the cost of a run: compute, memory, and whether the machine has enough. */
final class CostFindings {
  /** DL4J counts an optimizer's two moments in 32 bits. */
  private static final long MOST_TRAINED_PARAMETERS = Integer.MAX_VALUE / 2;

  private static final String REMEDY =
      "lower per_device_train_batch_size or max_length, take --gradient_checkpointing, ";

  private CostFindings() {}

  /** Explains with figures and remedies why the memory does not suffice. */
  static String shortage(PlannedRun run, TrainingMemory memory, MachineMemory machine) {
    return "the run needs about %s at its peak (base %s, parameters with gradient and moments %s, activations %s), and %s has %s; %s; --no_check_memory tries all the same"
        .formatted(
            Figures.memory(memory.total()),
            Figures.memory(memory.base()),
            Figures.memory(memory.parameters()),
            Figures.memory(memory.activations()),
            machine.grantor().holder(),
            Figures.memory(machine.total()),
            remedy(run));
  }

  private static String remedy(PlannedRun run) {
    if (run.generation().isPresent()) {
      return "lower num_generations, max_completion_length or per_device_train_batch_size";
    }
    if (run.adapter().isEmpty()) {
      return REMEDY + "or train an adapter with --use_peft";
    }
    boolean halved = run.memory().baseWeights() == DType.BFLOAT16;
    return REMEDY + (halved ? "or a lower lora_r" : "--dtype bfloat16 or a lower lora_r");
  }

  static List<Finding> of(PlannedRun run, MachineMemory machine) {
    List<Finding> findings = new ArrayList<>();
    run.adapter().ifPresent(adapter -> findings.add(compute(run, adapter)));
    TrainingMemory planned = TrainingMemory.of(run);
    TrainingMemory full = TrainingMemory.ofAllWeights(run);
    findings.add(
        memory(run.adapter().isPresent() ? "memory" : "memory (all weights)", run, planned));
    if (run.adapter().isPresent()) {
      findings.add(fullMemory(run, planned, full));
    }
    run.generation().ifPresent(generation -> findings.add(generating(run, generation)));
    run.memory().bfloat16().ifPresent(engine -> findings.add(bfloat16(run, engine)));
    findings.add(gpu(run, GpuMemory.of(run)));
    findings.add(machine(run, peak(run, planned), machine));
    return findings;
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
    boolean can = run.memory().products() == DType.BFLOAT16;
    return new Finding(
        "bf16",
        format(
            "%,d of %,d products of linear layers for a micro-batch of %,d tokens are bfloat16",
            products.rounded(), products.all(), run.microBatchTokens()),
        Map.of("rounded_products", products.rounded(), "products", products.all()),
        products.rounded() > 0 ? Severity.OK : Severity.NOTE,
        can ? float32Products(products) : engine.description() + " has no faster ones than float32",
        List.of(Source.SHAPES, Source.MACHINE));
  }

  private static String float32Products(RoundedProducts products) {
    List<String> reasons = new ArrayList<>();
    if (products.fewRows() > 0) {
      reasons.add(format("%,d of at most %d rows", products.fewRows(), products.mostFewRows()));
    }
    if (products.narrow() > 0) {
      reasons.add(format("%,d with fewer than 16 inputs or outputs", products.narrow()));
    }
    String others = reasons.isEmpty() ? "" : String.join(" and ", reasons) + " stay float32; ";
    return others + "so do attention, sums, gradients and updates";
  }

  private static Finding gpu(PlannedRun run, GpuMemory memory) {
    boolean fits = !memory.fitting().isEmpty();
    String terms =
        "weights %s, parameters with gradient and moments %s, activations %s (the loss head's chunk %s)%s, CUDA itself %s; estimated, no GPU has run it"
            .formatted(
                Figures.memory(memory.weights()),
                Figures.memory(memory.parameters()),
                Figures.memory(memory.activations()),
                Figures.memory(memory.headChunk()),
                memory.cache() == 0
                    ? ""
                    : ", keys and values %s".formatted(Figures.memory(memory.cache())),
                Figures.memory(memory.context()));
    return new Finding(
        "memory, on a GPU",
        "%s at the peak: %s".formatted(Figures.memory(memory.total()), memory.fit()),
        Map.of(
            "peak_bytes",
            memory.total(),
            "context_bytes",
            memory.context(),
            "weight_bytes",
            memory.weights(),
            "parameter_bytes",
            memory.parameters(),
            "activation_bytes",
            memory.activations(),
            "head_chunk_bytes",
            memory.headChunk(),
            "key_value_bytes",
            memory.cache(),
            "fits_gb",
            memory.fitting()),
        fits ? Severity.OK : Severity.NOTE,
        fits ? terms : terms + "; " + remedy(run),
        List.of(Source.SHAPES));
  }

  private static Finding compute(PlannedRun run, AdapterLayout adapter) {
    double ratio = TrainingCompute.relativeToFullFineTuning(adapter, run.model());
    double recomputing = TrainingCompute.relativeToFullFineTuningRecomputing(adapter, run.model());
    String withCheckpointing = format("; %.2f where both compute activations again", recomputing);
    return new Finding(
        "compute",
        format("%.2f of full fine-tuning's%s", ratio, withCheckpointing),
        Map.of("relative_compute", ratio, "relative_compute_recomputing", recomputing),
        ratio < 1 ? Severity.OK : Severity.NOTE,
        ratio < 1
            ? "two thirds is the least, at ranks far below the layers' widths"
            : "at this rank the adapter costs more than training all weights; it saves memory only",
        List.of(Source.BLOG, Source.SHAPES));
  }

  private static Finding memory(String name, PlannedRun run, TrainingMemory memory) {
    return new Finding(
        name,
        format(
            "%s at the peak for micro-batches of %,d tokens",
            Figures.memory(memory.total()), run.microBatchTokens()),
        Map.of(
            "peak_bytes",
            memory.total(),
            "runtime_bytes",
            memory.runtime(),
            "base_bytes",
            memory.base(),
            "parameter_bytes",
            memory.parameters(),
            "activation_bytes",
            memory.activations(),
            "micro_batch_tokens",
            run.microBatchTokens()),
        trainable(run.adapter().isPresent() ? run.adapter().get().size() : weights(run))
            ? Severity.OK
            : Severity.REGRET,
        "base %s, parameters with gradient and moments %s, activations %s, runtime %s"
            .formatted(
                Figures.memory(memory.base()),
                Figures.memory(memory.parameters()),
                Figures.memory(memory.activations()),
                Figures.memory(memory.runtime())),
        List.of(Source.MEMORY_MODEL));
  }

  private static Finding generating(PlannedRun run, PlannedRun.Generation generation) {
    long copies = packedWeights(run);
    return new Finding(
        "memory, generating",
        "%s of keys and values for the %s completions of a prompt%s"
            .formatted(
                Figures.memory(keysAndValues(run)),
                generation.completions(),
                copies == 0 ? "" : ", " + Figures.memory(copies) + " for a copy of the weights"),
        Map.of("key_value_bytes", keysAndValues(run), "packed_weight_bytes", copies),
        Severity.OK,
        "beside base, parameters and activations, which stay",
        List.of(Source.SHAPES));
  }

  private static long packedWeights(PlannedRun run) {
    return run.generation().map(PlannedRun.Generation::packedWeightBytes).orElse(0L);
  }

  /** Bytes of keys and values for one prompt's completions, all at their greatest length. */
  private static long keysAndValues(PlannedRun run) {
    int completions = run.generation().map(PlannedRun.Generation::completions).orElse(0);
    return TrainingMemory.keyAndValueBytes(run.model()) * completions * run.batch().maxRowTokens();
  }

  /** Peak memory, reached during generation, when the activations are still allocated. */
  private static long peak(PlannedRun run, TrainingMemory training) {
    return training.total() + keysAndValues(run) + packedWeights(run);
  }

  private static Finding fullMemory(PlannedRun run, TrainingMemory planned, TrainingMemory full) {
    boolean possible = trainable(weights(run));
    return new Finding(
        "memory, all weights",
        "%s for full fine-tuning with the same batches".formatted(Figures.memory(full.total())),
        Map.of("peak_bytes", full.total(), "trainable_here", possible),
        planned.total() < full.total() ? Severity.OK : Severity.NOTE,
        possible
            ? format("the adapter takes %.0f %% of it", 100.0 * planned.total() / full.total())
            : "Deeplearning4j could not train that many parameters: 1,073,741,823 are the most",
        List.of(Source.MEMORY_MODEL));
  }

  private static long weights(PlannedRun run) {
    return WeightLayout.of(run.model()).size();
  }

  private static boolean trainable(long parameters) {
    return parameters <= MOST_TRAINED_PARAMETERS;
  }

  private static Finding machine(PlannedRun run, long needed, MachineMemory machine) {
    Severity verdict =
        needed > machine.total()
            ? Severity.REGRET
            : needed > machine.available() ? Severity.NOTE : Severity.OK;
    return new Finding(
        "machine",
        "%s has %s, %s of it free"
            .formatted(
                machine.grantor().holder(),
                Figures.memory(machine.total()),
                Figures.memory(machine.available())),
        Map.of("total_bytes", machine.total(), "available_bytes", machine.available()),
        verdict,
        switch (verdict) {
          case OK -> "the run fits";
          case NOTE -> "the run fits only when other processes end";
          default -> "the run does not fit; " + remedy(run);
        },
        List.of(Source.MACHINE, Source.MEMORY_MODEL));
  }
}
