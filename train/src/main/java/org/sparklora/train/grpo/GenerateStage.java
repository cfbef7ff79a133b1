package org.sparklora.train.grpo;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.sparklora.model.engine.SplitMix64;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.text.Tokenizer;
import org.sparklora.train.meter.PromptQueue;
import org.sparklora.train.workers.Workers;

/**
 * The first stage of a round: divides prompts over workers, which complete them. With this
 * project's decoder the same seed gives the same completions, however prompts are divided and after
 * a retry of a part.
 *
 * @param sampler the policy that completes, whose model has this tokenizer
 * @param sampling settings, with the tokens that end a completion
 * @param policyVersion optimizer steps of the policy
 */
public record GenerateStage(
    Workers workers,
    Sampler sampler,
    Tokenizer tokenizer,
    SamplingConfig sampling,
    int policyVersion) {
  /** The completions of all prompts, in the order of the prompts. */
  public List<Generation> run(List<Prompt> prompts) {
    List<Generation> all = new ArrayList<>();
    run(workers.shares(prompts), all::addAll);
    return all;
  }

  /** Hands over the completions of each part, in the order of the parts. */
  public void run(List<List<Prompt>> parts, Consumer<List<Generation>> completed) {
    Map<Long, Prompt> byId = new HashMap<>();
    parts.forEach(part -> part.forEach(prompt -> byId.put(prompt.id(), prompt)));
    Iterator<Integer> waiting = parts.stream().map(List::size).iterator();
    PromptQueue.add(parts.stream().mapToInt(List::size).sum());
    try {
      workers.forEach(
          "complete prompts",
          parts.stream().map(GenerateStage::asked).toList(),
          new Complete(sampler, sampling),
          drawn -> {
            PromptQueue.remove(waiting.next());
            completed.accept(
                drawn.stream().map(one -> generation(byId.get(one.promptId()), one)).toList());
          });
    } finally {
      waiting.forEachRemaining(PromptQueue::remove); // parts are left after a failure
    }
  }

  private static List<org.sparklora.model.generate.Prompt> asked(List<Prompt> prompts) {
    return prompts.stream()
        .map(prompt -> new org.sparklora.model.generate.Prompt(prompt.id(), prompt.tokens()))
        .toList();
  }

  private Generation generation(Prompt prompt, Completion drawn) {
    return new Generation(
        prompt,
        drawn.index(),
        tokenizer.decode(drawn.tokens(), true),
        drawn.tokens(),
        drawn.logProbs(),
        new Generation.Origin(
            stopReason(drawn, tokenizer), sampler.generator(), policyVersion, sampling.seed()));
  }

  private record Complete(Sampler sampler, SamplingConfig sampling)
      implements Workers.Work<List<org.sparklora.model.generate.Prompt>, List<Completion>> {
    @Override
    public List<Completion> run(List<org.sparklora.model.generate.Prompt> prompts) {
      return sampler.complete(prompts, sampling);
    }
  }

  /** The reason why a completion ended, as tables spell it. */
  static String stopReason(Completion completion, Tokenizer tokenizer) {
    int last = completion.tokens()[completion.tokens().length - 1];
    boolean padded = tokenizer.padId().isPresent() && tokenizer.padId().getAsInt() == last;
    return switch (completion.stopReason()) {
      case EOS -> Generation.EOS;
      case LENGTH -> padded ? Generation.PAD : Generation.LENGTH;
    };
  }

  /** Sampling settings with another seed for each batch of prompts. */
  public static SamplingConfig sampling(SamplingConfig config, int draw) {
    return config.withSeed(config.seed() + SplitMix64.GAMMA * draw);
  }
}
