package org.sparklora.model.layer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.layer.Workspace.Buffer;

class WorkspaceTest {
  private final Workspace workspace = new Workspace(Engines.counting(DType.FLOAT32, DType.FLOAT32));

  @Test
  void aBufferIsNotLentTwice() {
    workspace.lend(Buffer.NORMED, 2, 3);

    assertThatThrownBy(() -> workspace.lend(Buffer.NORMED, 2, 3))
        .isInstanceOf(AssertionError.class)
        .hasMessage("NORMED is lent already");
    workspace.lend(Buffer.D_NORMED, 2, 3);
  }

  @Test
  void aBufferThatWasGivenBackIsLentAgainAndGrows() {
    workspace.lend(Buffer.NORMED, 2, 3);
    workspace.giveBack(Buffer.NORMED);
    workspace.lend(Buffer.NORMED, 4, 3);
    workspace.giveBack(Buffer.NORMED);
    workspace.lend(Buffer.NORMED, 1, 3);

    assertThat(workspace.bytes()).isEqualTo(4 * 3 * Float.BYTES);
  }

  @Test
  void aPassThatFailedLeavesNothingLent() {
    workspace.lend(Buffer.NORMED, 2, 3);
    workspace.reclaim();

    assertThat(workspace.lend(Buffer.NORMED, 2, 3).shape()).containsExactly(2, 3);
  }

  @Test
  void whatAProductRoundsIsOverwrittenByTheNext() {
    workspace.lend(Buffer.OPERAND, 2, 3);

    assertThat(workspace.lend(Buffer.OPERAND, 2, 4).shape()).containsExactly(2, 4);
  }
}
