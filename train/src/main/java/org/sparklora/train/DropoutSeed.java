package org.sparklora.train;

/** A different dropout seed for every micro-batch of a run, independent of the executor. */
record DropoutSeed(long run) {
  long of(int step, int microBatch) {
    return (run * 0x9e3779b97f4a7c15L + step) * 0xbf58476d1ce4e5b9L + microBatch;
  }
}
