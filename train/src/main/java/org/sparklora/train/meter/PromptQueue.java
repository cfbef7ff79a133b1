package org.sparklora.train.meter;

import java.util.concurrent.atomic.AtomicLong;

/** The number of prompts of this driver that wait for completions. Thread-safe. */
public final class PromptQueue {
  private static final AtomicLong WAITING = new AtomicLong();

  private PromptQueue() {}

  /** Adds prompts that were handed to workers. */
  public static void add(long prompts) {
    WAITING.addAndGet(prompts);
  }

  /** Removes prompts that were completed or given up. */
  public static void remove(long prompts) {
    WAITING.addAndGet(-prompts);
  }

  public static long waiting() {
    return WAITING.get();
  }
}
