package org.sparklora.model.generate;

import java.util.ArrayList;
import java.util.List;
import java.util.PriorityQueue;
import org.sparklora.model.checkpoint.DecoderConfig;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Tensor;
import org.sparklora.model.layer.KeyValues;

/**
 * Keys and values of all layers for the tokens in flight. A prompt gets a run of slots, which all
 * its completions read; a completion gets a run of its own for what follows.
 *
 * <p>Runs are as long as the longest prompt and the longest completion may be. Memory is that of
 * the tokens that really occurred, since the operating system backs a page when it is first
 * written, and the lowest free run is used first. Floats a token: 2·L·K·D.
 *
 * <p>Not thread-safe.
 */
final class KvCache implements AutoCloseable {
  private final List<KeyValues> layers = new ArrayList<>(); // (S, K·D) each
  private final List<Tensor> owned = new ArrayList<>(); // keys and values of all layers
  private final PriorityQueue<Integer> promptRuns = new PriorityQueue<>();
  private final PriorityQueue<Integer> completionRuns = new PriorityQueue<>();

  /**
   * @param rows prompts and completions in flight at most
   * @param promptLength tokens of the longest prompt
   * @param completionLength tokens of the longest completion
   */
  KvCache(DecoderConfig config, Engine engine, int rows, int promptLength, int completionLength) {
    int slots = Math.multiplyExact(rows, Math.addExact(promptLength, completionLength));
    long width = (long) config.numKeyValueHeads() * config.headDim();
    try {
      for (int layer = 0; layer < config.numHiddenLayers(); layer++) {
        layers.add(new KeyValues(allocate(engine, slots, width), allocate(engine, slots, width)));
      }
    } catch (RuntimeException | Error e) { // memory may end in the middle
      close();
      throw e;
    }
    for (int row = 0; row < rows; row++) {
      promptRuns.add(row * promptLength);
      completionRuns.add(rows * promptLength + row * completionLength);
    }
  }

  private Tensor allocate(Engine engine, long slots, long width) {
    Tensor allocated = engine.allocate(slots, width);
    owned.add(allocated);
    return allocated;
  }

  List<KeyValues> layers() {
    return layers;
  }

  /** The first slot of a free run for a prompt. */
  int takePromptRun() {
    return promptRuns.remove();
  }

  /** The first slot of a free run for a completion. */
  int takeCompletionRun() {
    return completionRuns.remove();
  }

  void freePromptRun(int start) {
    promptRuns.add(start);
  }

  void freeCompletionRun(int start) {
    completionRuns.add(start);
  }

  /** Completions that can still be begun. */
  int freeCompletions() {
    return completionRuns.size();
  }

  @Override
  public void close() {
    owned.forEach(Tensor::close);
  }
}
