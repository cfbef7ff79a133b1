package org.sparklora.train.vllm;

import java.io.IOException;
import java.net.http.HttpTimeoutException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.Interruption;

/**
 * The requests of one call of {@link VllmSampler}. Waiting prompts are in one queue, from which
 * each server takes as it gets done, so that faster servers do more. A request that fails goes back
 * to the queue; a server that fails again and again, or falls silent, takes no more, and its
 * requests go to the others. A reset connection or a restart fails all requests in flight, and is
 * one failure. A busy server gets the pause that it asks for, and fails only if it stays busy until
 * requests time out. A prompt's completions count when one answer has all of them.
 *
 * <p>For one call of {@link #run}.
 */
final class VllmRequests {
  private static final Logger LOG = LoggerFactory.getLogger(VllmRequests.class);

  /** Requests at a server at once: with 8 completions each, the sequences that it computes. */
  private static final int AT_ONCE = 32;

  /** Failures of a server in a row after which it gets no more requests. */
  private static final int MOST_IN_A_ROW = 8;

  private static final long CHECK_MILLIS = 200;
  private static final long HEALTH_MILLIS = 15_000;
  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long BUSY_MILLIS = 250;

  private final VllmSampler sampler;
  private final List<Prompt> prompts;
  private final SamplingConfig sampling;
  private final List<Line> lines;

  // all below are guarded by this
  private final Deque<Prompt> waiting;
  private final Map<Long, List<Completion>> done = new HashMap<>();
  private RuntimeException refusal; // null unless a server refused for good

  /** A server and its failures. */
  private final class Line {
    private final VllmServer server;
    private final ExecutorService threads = Executors.newCachedThreadPool(VllmRequests::thread);
    private int failedInARow;
    private long answeredNanos = System.nanoTime(); // time of the last answer, or of the start
    private long failedNanos = answeredNanos; // time of the last failure that counted
    private long pausedNanos = answeredNanos; // time of its next request
    private long askedNanos = answeredNanos; // time before which it asked for no request
    private long reloadedNanos = answeredNanos; // guarded by this line
    private String lost = ""; // why it gets no more requests, if it does not

    Line(VllmServer server) {
      this.server = server;
    }

    void pause(long millis) {
      pausedNanos = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    }

    /** Time until the server gets the next request. */
    long pauseMillis() {
      long now = System.nanoTime();
      long nanos = Math.max(pausedNanos - now, askedNanos - now);
      return Math.max(0, TimeUnit.NANOSECONDS.toMillis(nanos));
    }

    /** Leaves the server out; threads that wait for its answers stop waiting. */
    void lose(String why) {
      if (lost.isEmpty()) {
        lost = why;
        LOG.warn("vLLM's server {} gets no more requests of this round: it {}", server, why);
        threads.shutdownNow();
        VllmRequests.this.notifyAll();
      }
    }
  }

  VllmRequests(VllmSampler sampler, List<Prompt> prompts, SamplingConfig sampling) {
    this.sampler = sampler;
    this.prompts = prompts;
    this.sampling = sampling;
    this.lines = sampler.servers().stream().map(Line::new).toList();
    this.waiting = new ArrayDeque<>(prompts);
  }

  /**
   * All completions, those of a prompt by their index.
   *
   * @throws ConfigException naming each server and its failure, if no server is left, or one
   *     refuses
   */
  List<Completion> run() {
    try {
      synchronized (this) { // no line is lost before all of its threads have begun
        for (Line line : lines) {
          for (int thread = 0; thread < Math.min(AT_ONCE, prompts.size()); thread++) {
            line.threads.execute(() -> serve(line));
          }
        }
      }
      await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      Interruption.check();
    } finally {
      lines.forEach(line -> line.threads.shutdownNow());
    }
    return prompts.stream().flatMap(prompt -> done.get(prompt.id()).stream()).toList();
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "spark-lora-vllm");
    thread.setDaemon(true);
    return thread;
  }

  /** Waits for all completions, and watches over servers that do not answer. */
  private void await() throws InterruptedException {
    long checked = System.currentTimeMillis();
    while (!isOver()) {
      Interruption.check();
      if (System.currentTimeMillis() - checked > HEALTH_MILLIS) {
        loseTheSilent();
        checked = System.currentTimeMillis();
      }
    }
  }

  private synchronized boolean isOver() throws InterruptedException {
    if (refusal != null) {
      throw refusal;
    }
    if (done.size() == prompts.size()) {
      return true;
    }
    if (left().isEmpty()) {
      throw noneLeft();
    }
    wait(CHECK_MILLIS);
    return false;
  }

  private synchronized List<Line> left() {
    return lines.stream().filter(line -> line.lost.isEmpty()).toList();
  }

  private ConfigException noneLeft() {
    return ConfigException.passing(
        Flags.VLLM_SERVER_BASE_URL,
        lines.stream().map(line -> line.server.url()).collect(Collectors.joining(",")),
        "no server is left to complete %s of %s prompts (%s); start servers again, or raise --%s if they are slow, and %s"
            .formatted(
                prompts.size() - done.size(),
                prompts.size(),
                lines.stream()
                    .map(line -> line.server + " " + line.lost)
                    .collect(Collectors.joining("; ")),
                Flags.VLLM_SERVER_TIMEOUT,
                VllmServer.AGAIN));
  }

  private void loseTheSilent() {
    for (Line line : left()) {
      boolean silent = !line.server.isHealthy() && !line.server.isHealthy();
      Interruption.check(); // an interrupted probe fails at a healthy server, too
      if (silent) {
        synchronized (this) {
          line.lose("does not answer /health");
        }
      }
    }
  }

  /** Sends one request after the other to a server, as long as there are any. */
  private void serve(Line line) {
    try {
      for (Prompt prompt = take(line); prompt != null; prompt = take(line)) {
        long began = System.nanoTime();
        try {
          answered(line, prompt, complete(line, prompt, began));
        } catch (IOException e) {
          failed(line, prompt, began, e);
        }
      }
    } catch (RuntimeException e) {
      refused(e);
    } catch (Error e) { // the prompt is in no queue any more, and the call would wait for it
      refused(
          new IllegalStateException(
              "Cannot read an answer of %s (%s): give this process more memory"
                  .formatted(line.server, e),
              e));
    }
  }

  /** Sends a request; a server that has lost the adapter gets it back, and the request fails. */
  private List<Completion> complete(Line line, Prompt prompt, long began) throws IOException {
    try {
      return line.server.complete(sampler, prompt, sampling);
    } catch (VllmServer.UnknownModelException e) {
      synchronized (line) { // a thread that waited for another's reload does not repeat it
        if (began - line.reloadedNanos >= 0) {
          try {
            sampler.restore(line.server);
          } finally {
            line.reloadedNanos = System.nanoTime();
          }
        }
      }
      throw new IOException("had lost the adapter: it " + e.getMessage(), e);
    }
  }

  /** The next prompt for a server; null if there will be none. */
  private synchronized Prompt take(Line line) {
    try {
      while (line.lost.isEmpty() && refusal == null && done.size() < prompts.size()) {
        long pause = line.pauseMillis();
        if (pause == 0 && !waiting.isEmpty()) {
          return waiting.remove();
        }
        wait(pause); // 0 for no limit: requests of other threads may yet fail
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return null;
  }

  private synchronized void answered(Line line, Prompt prompt, List<Completion> completions) {
    line.failedInARow = 0;
    line.answeredNanos = System.nanoTime();
    line.pause(0);
    done.put(prompt.id(), completions);
    if (done.size() == prompts.size()) {
      notifyAll();
    }
  }

  /**
   * Gives a prompt back to the queue.
   *
   * @param began start of the request; if another failure of the server has counted since then,
   *     this one does not, unless the server was silent
   */
  private synchronized void failed(Line line, Prompt prompt, long began, IOException failure) {
    waiting.add(prompt); // after all others, which may fare better
    notifyAll();
    String reason =
        failure.getMessage() == null ? failure.getClass().getSimpleName() : failure.getMessage();
    if (failure instanceof VllmServer.BusyException busy) {
      line.pause(BUSY_MILLIS);
      line.askedNanos = System.nanoTime() + busy.pause.toNanos();
      if (System.nanoTime() - line.answeredNanos > line.server.timeout().toNanos()) {
        line.lose(reason);
      }
    } else if (began - line.failedNanos >= 0 || failure instanceof HttpTimeoutException) {
      line.failedNanos = System.nanoTime();
      if (++line.failedInARow == MOST_IN_A_ROW) {
        line.lose("%s, at prompt %s".formatted(reason, prompt.id()));
      } else if (line.failedInARow > 1) { // a single failure brings no pause
        line.pause(FIRST_PAUSE_MILLIS << (line.failedInARow - 1));
      }
    }
  }

  private synchronized void refused(RuntimeException e) {
    refusal = refusal == null ? e : refusal;
    notifyAll();
  }
}
