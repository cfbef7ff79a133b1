package org.sparklora.model.generate;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.sparklora.model.Decoder;
import org.sparklora.model.IncrementalDecoder;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.DecodingSteps.Slots;
import org.sparklora.model.engine.DecodingSteps.Tokens;
import org.sparklora.model.engine.Draws;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Segments;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;

/**
 * Completes prompts. Many completions advance together, one token at a time, so that one pass over
 * the weights serves all of them. A prompt is computed once for its G completions, which share its
 * keys and values; short prompts are computed together. A completed row leaves the batch at once,
 * and the next prompt enters as soon as there is room for its completions.
 *
 * <p>A completion depends bit by bit on its prompt, the seed and its index among the prompt's
 * completions alone: not on other prompts, the number of completions or of those in flight, or the
 * number of threads. A random number depends on its token's place, and a call has at most {@link
 * Engine#independentRows} rows. The ND4J engine has no independent rows: there other rows in the
 * batch may change the rounding of a log-probability, and so occasionally a token. So may another
 * kind of CPU.
 *
 * <p>Thread-safe; calls run one after the other.
 */
public final class Generator implements AutoCloseable {
  /** Completions in flight by default: enough to keep gemm busy. */
  public static final int DEFAULT_ROWS = 64;

  /** Most tokens of prompts computed in one pass; a longer prompt is computed by itself. */
  private static final int PROMPT_TOKENS = 2048;

  private final IncrementalDecoder decoder;
  private final Engine engine;
  private final int rows;

  /** A generator that keeps {@link #DEFAULT_ROWS} completions in flight. */
  public Generator(Decoder decoder, Engine engine) {
    this(decoder, engine, DEFAULT_ROWS);
  }

  /** Keeps at most {@code rows} completions in flight, or all those of a prompt with more. */
  public Generator(Decoder decoder, Engine engine, int rows) {
    if (rows < 1) {
      throw new IllegalArgumentException(
          "Cannot generate %s completions at a time: at least 1".formatted(rows));
    }
    this.decoder = new IncrementalDecoder(decoder, engine);
    this.engine = engine;
    this.rows = rows;
  }

  public DecoderConfig model() {
    return decoder.decoder().config();
  }

  /**
   * Completes prompts.
   *
   * @param parameters vector of the decoder's layout
   * @return the completions of the first prompt by their index, then those of the second, …
   * @throws IllegalArgumentException if a token is not in the model's vocabulary, two prompts have
   *     one id, or {@link #requireOneRotation} refuses a prompt
   */
  public synchronized List<Completion> generate(
      Tensor parameters, List<Prompt> prompts, SamplingConfig config) {
    check(prompts, config);
    if (prompts.isEmpty()) {
      return List.of();
    }
    try (IncrementalDecoder.Plan plan = decoder.plan(parameters);
        Batch batch = new Batch(plan, prompts, config)) {
      return batch.run();
    }
  }

  private void check(List<Prompt> prompts, SamplingConfig config) {
    int vocabSize = model().vocabSize();
    for (Prompt prompt : prompts) {
      requireOneRotation(
          model(), prompt.id(), prompt.tokens().length, config.maxCompletionLength());
      for (int token : prompt.tokens()) {
        if (token < 0 || token >= vocabSize) {
          throw new IllegalArgumentException(
              "Cannot complete prompt %s: token id %s is not in the model's vocabulary of %s; tokenize with this model's tokenizer"
                  .formatted(prompt.id(), token, vocabSize));
        }
      }
    }
    if (prompts.stream().mapToLong(Prompt::id).distinct().count() < prompts.size()) {
      throw new IllegalArgumentException(
          "Cannot complete prompts of which two have one id: they would get the same random numbers");
    }
  }

  /**
   * Refuses a prompt of {@code tokens} tokens whose completion, of at most {@code completion}, may
   * take the text into other rotary frequencies: keys in the cache would keep the former, and a
   * learner, which computes the whole text with the new ones, would get other probabilities.
   */
  public static void requireOneRotation(
      DecoderConfig model, long promptId, int tokens, int completion) {
    for (int most : model.ropeSwitches()) {
      if (tokens <= most && tokens + (long) completion > most) {
        throw new IllegalArgumentException(
            "Cannot complete prompt %s: it has %s tokens, and rope_scaling rotates texts of more than %s by other frequencies, which this one may become; lower --max_completion_length, which is %s, to %s, or leave the prompt out"
                .formatted(promptId, tokens, most, completion, most - tokens));
      }
    }
  }

  /** One call of {@link #generate}: waiting prompts, completions in flight, and finished ones. */
  private final class Batch implements AutoCloseable {
    private final IncrementalDecoder.Plan plan;
    private final SamplingConfig config;
    private final Deque<Prompt> waiting;
    private List<Row> active = new ArrayList<>();
    private final Map<Long, Integer> order = new HashMap<>();
    private final List<Completion> done = new ArrayList<>();
    private final int width; // most rows in flight
    private final int together; // most rows of one engine call
    private final KvCache cache;
    private final Tensor logits; // (plan.rows(together), V)

    Batch(IncrementalDecoder.Plan plan, List<Prompt> prompts, SamplingConfig config) {
      this.plan = plan;
      this.config = config;
      this.waiting = new ArrayDeque<>(prompts);
      prompts.forEach(prompt -> order.put(prompt.id(), order.size()));
      int g = config.numGenerations();
      width = (int) Math.max(g, Math.min(rows, (long) prompts.size() * g));
      int independent = engine.independentRows();
      together = independent == 0 ? width : Math.min(width, independent);
      List<Integer> windows = model().layers().stream().map(DecoderConfig.Layer::window).toList();
      cache = new KvCache(engine, windows, model().heads().keyValueWidth());
      try {
        logits = engine.allocate(plan.rows(together), model().vocabSize());
      } catch (RuntimeException | Error e) {
        cache.close();
        throw e;
      }
    }

    List<Completion> run() {
      while (!waiting.isEmpty() || !active.isEmpty()) {
        engine.run(this::step);
      }
      done.sort(
          Comparator.comparingInt((Completion completion) -> order.get(completion.promptId()))
              .thenComparingInt(Completion::index));
      return done;
    }

    /** Begins the waiting prompts that there is room for, then adds a token to each completion. */
    private boolean step() {
      for (List<Prompt> next = next(); !next.isEmpty(); next = next()) {
        begin(next);
      }
      List<Row> all = active;
      active = new ArrayList<>();
      for (int from = 0; from < all.size(); from += together) {
        active.addAll(advance(all.subList(from, Math.min(from + together, all.size()))));
      }
      return true;
    }

    /** Takes the waiting prompts that there is room for and that one pass can compute. */
    private List<Prompt> next() {
      int independent = engine.independentRows();
      int most = independent == 0 ? PROMPT_TOKENS : Math.min(independent, PROMPT_TOKENS);
      int room = (width - active.size()) / config.numGenerations();
      List<Prompt> next = new ArrayList<>();
      int tokens = 0;
      while (!waiting.isEmpty() && next.size() < room) {
        tokens += waiting.element().tokens().length;
        if (tokens > most && !next.isEmpty()) {
          break;
        }
        next.add(waiting.remove());
      }
      return next;
    }

    /** Computes prompts, and draws the first token of each of their completions. */
    private void begin(List<Prompt> prompts) {
      int[] lengths = prompts.stream().mapToInt(prompt -> prompt.tokens().length).toArray();
      Segments texts = Segments.ofLengths(lengths);
      int[] ids = prompts.stream().flatMapToInt(prompt -> Arrays.stream(prompt.tokens())).toArray();
      Map<Integer, List<Run>> slots = new HashMap<>(); // by window
      List<Row> begun = new ArrayList<>();
      int[] promptOf = new int[prompts.size() * config.numGenerations()]; // of each row
      for (int p = 0; p < lengths.length; p++) {
        List<CachedText> cached = reserve(lengths[p], slots);
        for (int g = 0; g < config.numGenerations(); g++) {
          promptOf[begun.size()] = p;
          begun.add(new Row(prompts.get(p), g, cached));
        }
      }
      try (Tensor last = engine.allocate(lengths.length, logits.columns())) {
        plan.begin(texts, ids, slots, cache.layers(), last);
        begun.forEach(Row::forget);
        for (int from = 0; from < begun.size(); from += together) {
          int to = Math.min(from + together, begun.size());
          Tensor repeated = logits.rows(0, to - from);
          try (Indices sources = engine.indices(Arrays.copyOfRange(promptOf, from, to))) {
            engine.embed(last, sources, repeated);
          }
          active.addAll(add(begun.subList(from, to), repeated));
        }
      }
    }

    /**
     * Adds a prompt's slots in the layers with each window to {@code slots}. Layers keep a pass's
     * last tokens, so that only the first prompt can do without slots for what no completion sees.
     */
    private List<CachedText> reserve(int tokens, Map<Integer, List<Run>> slots) {
      List<CachedText> cached = new ArrayList<>();
      for (KvCache.Pages pages : cache.pages()) {
        CachedText text = new CachedText(pages, config.numGenerations());
        List<Run> before = slots.computeIfAbsent(pages.window(), window -> new ArrayList<>());
        if (before.isEmpty()) {
          text.forget(tokens);
        }
        text.reserve(tokens);
        before.addAll(text.slots(tokens));
        cached.add(text);
      }
      return cached;
    }

    /** Computes and adds the next token of some rows; returns the unfinished rows. */
    private List<Row> advance(List<Row> rows) {
      int count = rows.size();
      rows.forEach(Row::reserve);
      SortedMap<Integer, Slots> slots = new TreeMap<>();
      for (KvCache.Pages pages : cache.pages()) {
        int window = pages.window();
        List<Branch> branches = new ArrayList<>();
        for (int m = 0; m < count; m++) {
          branches.add(rows.get(m).lastBranch(window, m));
        }
        int[] own = rows.stream().mapToInt(row -> row.lastSlot(window)).toArray();
        slots.put(window, new Slots(own, branches));
      }
      Tokens tokens =
          new Tokens(
              rows.stream().mapToInt(Row::lastToken).toArray(),
              rows.stream().mapToInt(Row::lastPosition).toArray(),
              slots);
      plan.extend(tokens, cache.layers(), logits.rows(0, plan.rows(count)));
      return add(rows, logits.rows(0, count));
    }

    /** Draws the next token of each row; returns the unfinished rows. */
    private List<Row> add(List<Row> to, Tensor logits) {
      Draws draws = draw(engine, config, logits, to);
      List<Row> unfinished = new ArrayList<>();
      for (int m = 0; m < to.size(); m++) {
        Row row = to.get(m);
        row.add(draws.tokens()[m], draws.logProbs()[m]);
        if (config.endTokens().contains(row.lastToken())) {
          done.add(row.end(Completion.StopReason.EOS));
        } else if (row.length() == config.maxCompletionLength()) {
          done.add(row.end(Completion.StopReason.LENGTH));
        } else {
          unfinished.add(row);
        }
      }
      return unfinished;
    }

    @Override
    public void close() {
      cache.close();
      logits.close();
    }
  }

  /**
   * Draws the next token of each row.
   *
   * @param logits {@code (M, V)}; left as they are
   * @throws IllegalArgumentException if a logit is NaN or infinite, even with greedy picking
   */
  static Draws draw(Engine engine, SamplingConfig config, Tensor logits, List<Row> rows) {
    double[] uniforms = rows.stream().mapToDouble(row -> row.uniform(config.seed())).toArray();
    boolean penalty = config.rule().hasPenalty();
    List<int[]> seen = penalty ? rows.stream().map(Row::seen).toList() : List.of();
    Draws draws = engine.sample(logits, config.rule(), uniforms, seen);
    for (int m = 0; m < rows.size(); m++) {
      if (draws.tokens()[m] == Draws.NOT_FINITE) {
        throw new IllegalArgumentException(
            "Cannot complete prompt %s: the model yields NaN or infinite numbers in place of probabilities; its weights, or the adapter's, come from a run that diverged or were damaged. In training, lower learning_rate or add warmup_steps"
                .formatted(rows.get(m).promptId()));
      }
    }
    return draws;
  }

  /** Frees activations and copies of weights; the decoder stays. */
  @Override
  public synchronized void close() {
    decoder.close();
  }
}
