package org.sparklora.spark.meter;

import java.util.concurrent.atomic.AtomicLong;

/** How many prompts of this driver wait for their completions. Thread-safe. */
public final class PromptQueue {
  private static final AtomicLong WAITING = new AtomicLong();

  private PromptQueue() {}

  /** Prompts were handed to workers. */
  public static void add(long prompts) {
    WAITING.addAndGet(prompts);
  }

  /** Prompts were completed, or given up. */
  public static void remove(long prompts) {
    WAITING.addAndGet(-prompts);
  }

  /** How many there are now. */
  public static long waiting() {
    return WAITING.get();
  }
}
