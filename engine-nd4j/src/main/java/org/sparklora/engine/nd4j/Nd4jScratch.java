package org.sparklora.engine.nd4j;

import java.util.function.Supplier;
import org.nd4j.linalg.api.memory.MemoryWorkspace;
import org.nd4j.linalg.api.memory.conf.WorkspaceConfiguration;
import org.nd4j.linalg.api.memory.enums.AllocationPolicy;
import org.nd4j.linalg.api.memory.enums.LearningPolicy;
import org.nd4j.linalg.api.memory.enums.ResetPolicy;
import org.nd4j.linalg.api.memory.enums.SpillPolicy;
import org.nd4j.linalg.factory.Nd4j;

/**
 * Memory of the arrays that ND4J's operations return: one workspace for each thread, grown to the
 * largest operation seen and reused by the next. Without it the arrays would wait for the garbage
 * collector, which does not see their native memory.
 *
 * <p>Arrays made inside a run are invalid afterwards: {@code assign} copies results into a tensor.
 */
final class Nd4jScratch {
  private static final String NAME = "spark-lora-kernels";

  private static final WorkspaceConfiguration GROWING =
      WorkspaceConfiguration.builder()
          .policyAllocation(AllocationPolicy.STRICT)
          .policyLearning(LearningPolicy.FIRST_LOOP)
          .policyReset(ResetPolicy.BLOCK_LEFT)
          .policySpill(SpillPolicy.REALLOCATE)
          .build();

  private Nd4jScratch() {}

  /** Runs operations, then reuses the memory of their intermediate results. */
  static void run(Runnable operations) {
    of(
        () -> {
          operations.run();
          return null;
        });
  }

  /** Runs operations like {@link #run} and returns their result, which must not be an array. */
  static <T> T of(Supplier<T> operations) {
    MemoryWorkspace workspace = Nd4j.getWorkspaceManager().getAndActivateWorkspace(GROWING, NAME);
    try {
      return operations.get();
    } finally {
      workspace.close();
    }
  }

  /** Makes arrays that outlive every workspace, also one of DL4J's that is open. */
  static <T> T outside(Supplier<T> allocation) {
    MemoryWorkspace none = Nd4j.getMemoryManager().scopeOutOfWorkspaces();
    try {
      return allocation.get();
    } finally {
      none.close();
    }
  }

  /** Whether the calling thread has a workspace. */
  static boolean isHeldByCallingThread() {
    return Nd4j.getWorkspaceManager().checkIfWorkspaceExists(NAME);
  }

  /** Frees the workspace of the calling thread; the next operation makes another. */
  static void freeOfCallingThread() {
    if (isHeldByCallingThread()) {
      Nd4j.getWorkspaceManager()
          .destroyWorkspace(Nd4j.getWorkspaceManager().getWorkspaceForCurrentThread(NAME));
    }
  }
}
