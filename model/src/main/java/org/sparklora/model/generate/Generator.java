package org.sparklora.model.generate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.sparklora.model.Decoder;
import org.sparklora.model.IncrementalDecoder;
import org.sparklora.model.IncrementalDecoder.Tokens;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;

/**
 * Completes prompts. Many completions advance together, a token at a time, so that one pass over
 * the weights serves all of them; a prompt is computed once for its G completions, which share its
 * keys and values. A completion that ends leaves the batch at once, and the next prompt enters as
 * soon as there is room for its completions.
 *
 * <p>What a completion gets depends on nothing but its prompt, the seed and its index among the
 * prompt's completions, to the last bit: not on the other prompts and how many completions there
 * are, nor on how many are in flight, nor on the number of threads. Random numbers belong to the
 * token's place, and no more rows are computed at a time than the engine computes {@link
 * Engine#independentRows without regard to their neighbours}. ND4J's cannot do that: there other
 * company may round a log-probability otherwise, and so a token be another one now and then. So may
 * another kind of processor.
 *
 * <p>Safe for several threads, which take turns.
 */
public final class Generator implements AutoCloseable {
  /** Completions in flight by default: enough to keep gemm busy. */
  public static final int DEFAULT_ROWS = 64;

  private final IncrementalDecoder decoder;
  private final Engine engine;
  private final int rows;

  /** A generator that keeps {@link #DEFAULT_ROWS} completions in flight. */
  public Generator(Decoder decoder, Engine engine) {
    this(decoder, engine, DEFAULT_ROWS);
  }

  /**
   * @param rows completions in flight at most; all completions of a prompt are, even if there are
   *     more
   */
  public Generator(Decoder decoder, Engine engine, int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException(
          "Cannot generate %d completions at a time: at least 1".formatted(rows));
    }
    this.decoder = new IncrementalDecoder(decoder, engine);
    this.engine = engine;
    this.rows = rows;
  }

  /** The config of the model that completes. */
  public DecoderConfig model() {
    return decoder.decoder().config();
  }

  /**
   * Completes prompts.
   *
   * @param parameters vector of the decoder's layout
   * @return the completions of the first prompt by their index, then those of the second, …
   * @throws IllegalArgumentException if a token is not in the model's vocabulary, or two prompts
   *     have one id
   */
  public synchronized List<Completion> generate(
      Tensor parameters, List<Prompt> prompts, SamplingConfig config) {
    check(prompts, config);
    if (prompts.isEmpty()) {
      return List.of();
    }
    try (Batch batch = new Batch(parameters, prompts, config)) {
      return batch.run();
    }
  }

  private void check(List<Prompt> prompts, SamplingConfig config) {
    int vocabSize = decoder.decoder().config().vocabSize();
    for (Prompt prompt : prompts) {
      for (int token : prompt.tokens()) {
        if (token < 0 || token >= vocabSize) {
          throw new IllegalArgumentException(
              "Cannot complete prompt %d: token id %d is not in the model's vocabulary of %d; tokenize with this model's tokenizer"
                  .formatted(prompt.id(), token, vocabSize));
        }
      }
    }
    if (prompts.stream().mapToLong(Prompt::id).distinct().count() < prompts.size()) {
      throw new IllegalArgumentException(
          "Cannot complete prompts of which two have one id: they would get the same random numbers");
    }
  }

  /** One call: what waits, what is in flight and what is done. */
  private final class Batch implements AutoCloseable {
    private final Tensor parameters;
    private final SamplingConfig config;
    private final Deque<Prompt> waiting;
    private final List<Row> active = new ArrayList<>();
    private final Map<Integer, Integer> users = new HashMap<>(); // of a prompt's run
    private final Map<Long, Integer> order = new HashMap<>();
    private final List<Completion> done = new ArrayList<>();
    private final KvCache cache;
    private final int together; // rows that are computed in one call
    private final Tensor logits; // (rows, V)
    private final Sampler sampler;

    Batch(Tensor parameters, List<Prompt> prompts, SamplingConfig config) {
      this.parameters = parameters;
      this.config = config;
      this.waiting = new ArrayDeque<>(prompts);
      prompts.forEach(prompt -> order.put(prompt.id(), order.size()));
      int g = config.numGenerations();
      int width = (int) Math.max(g, Math.min(rows, (long) prompts.size() * g));
      int longest = prompts.stream().mapToInt(prompt -> prompt.tokens().length).max().orElseThrow();
      int vocabSize = decoder.decoder().config().vocabSize();
      together = engine.independentRows() == 0 ? width : engine.independentRows();
      cache =
          new KvCache(
              decoder.decoder().config(), engine, width, longest, config.maxCompletionLength());
      try {
        logits = engine.allocate(width, vocabSize);
      } catch (RuntimeException | Error e) {
        cache.close();
        throw e;
      }
      try {
        sampler = new Sampler(engine, config, width, vocabSize);
      } catch (RuntimeException | Error e) {
        logits.close();
        cache.close();
        throw e;
      }
    }

    List<Completion> run() {
      while (!waiting.isEmpty() || !active.isEmpty()) {
        while (!waiting.isEmpty() && cache.freeCompletions() >= config.numGenerations()) {
          begin(waiting.remove());
        }
        advance();
      }
      done.sort(
          Comparator.comparingInt((Completion completion) -> order.get(completion.promptId()))
              .thenComparingInt(Completion::index));
      return done;
    }

    /** Computes a prompt, and the first token of each of its completions from its last logits. */
    private void begin(Prompt prompt) {
      int length = prompt.tokens().length;
      int run = cache.takePromptRun();
      Tokens tokens =
          new Tokens(
              prompt.tokens(),
              IntStream.range(0, length).toArray(),
              IntStream.range(run, run + length).toArray(),
              List.of(Branch.ofStart(length, run)));
      List<Row> begun = new ArrayList<>();
      for (int g = 0; g < config.numGenerations(); g++) {
        int ownRun = cache.takeCompletionRun();
        begun.add(new Row(prompt, g, run, ownRun, config.maxCompletionLength()));
      }
      users.put(run, begun.size());
      try (Tensor last = engine.allocate(1, logits.columns())) {
        decoder.extend(parameters, tokens, cache.layers(), new int[] {length - 1}, last);
        Tensor repeated = logits.rows(0, begun.size());
        engine.embed(last, new int[begun.size()], repeated);
        active.addAll(add(begun, repeated));
      }
    }

    /** Gives every completion in flight its next token. */
    private void advance() {
      List<Row> unfinished = new ArrayList<>();
      for (int from = 0; from < active.size(); from += together) {
        List<Row> rows = active.subList(from, Math.min(from + together, active.size()));
        unfinished.addAll(advance(rows));
      }
      active.clear();
      active.addAll(unfinished);
    }

    /** Returns the rows that go on. */
    private List<Row> advance(List<Row> rows) {
      int count = rows.size();
      List<Branch> branches = new ArrayList<>();
      for (int m = 0; m < count; m++) {
        branches.add(rows.get(m).lastBranch(m));
      }
      Tokens tokens =
          new Tokens(
              rows.stream().mapToInt(Row::lastToken).toArray(),
              rows.stream().mapToInt(Row::lastPosition).toArray(),
              rows.stream().mapToInt(Row::lastSlot).toArray(),
              branches);
      int[] all = IntStream.range(0, count).toArray();
      Tensor next = logits.rows(0, count);
      decoder.extend(parameters, tokens, cache.layers(), all, next);
      return add(rows, next);
    }

    /** Adds the next token to each row; returns the rows that go on. */
    private List<Row> add(List<Row> to, Tensor logits) {
      Sampler.Draws draws = sampler.draw(logits, to);
      List<Row> unfinished = new ArrayList<>();
      for (int m = 0; m < to.size(); m++) {
        Row row = to.get(m);
        row.add(draws.tokens()[m], draws.logProbs()[m]);
        if (config.endTokens().contains(row.lastToken())) {
          finish(row, Completion.StopReason.EOS);
        } else if (row.length() == config.maxCompletionLength()) {
          finish(row, Completion.StopReason.LENGTH);
        } else {
          unfinished.add(row);
        }
      }
      return unfinished;
    }

    private void finish(Row row, Completion.StopReason reason) {
      done.add(row.completion(reason));
      cache.freeCompletionRun(row.ownRun());
      if (users.merge(row.promptRun(), -1, Integer::sum) == 0) {
        users.remove(row.promptRun());
        cache.freePromptRun(row.promptRun());
      }
    }

    @Override
    public void close() {
      cache.close();
      logits.close();
      sampler.close();
    }
  }

  /** Frees activations; the decoder stays. */
  @Override
  public synchronized void close() {
    decoder.close();
  }
}
