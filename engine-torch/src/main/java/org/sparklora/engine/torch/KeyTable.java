package org.sparklora.engine.torch;

import java.util.Arrays;
import java.util.List;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.global.torch;
import org.bytedeco.pytorch.global.torch.ScalarType;
import org.sparklora.model.engine.Branch;

/**
 * The numbers of the keys that R queries see, on the device. Each query is a branch of its own, and
 * has a row of B blocks of {@value #BLOCK}. Entries beyond a query's keys are valid but arbitrary.
 *
 * <p>A table is kept between decoding steps: for a query that sees its predecessor's keys and one
 * more, only the new key is written, by {@link #append} on the device. A query whose window has
 * moved has all its keys written.
 */
final class KeyTable implements AutoCloseable {
  /** Keys of a block. */
  static final int BLOCK = 64;

  private final TorchDevice device;
  private final int rows; // R
  private final int blocks; // B
  private final TorchDevice.Allocation table; // (R·B·BLOCK)
  private final long[] here; // host copy of the table
  private final Branch[] had; // of each row at the last update, null before the first

  KeyTable(TorchDevice device, int rows, int blocks) {
    this.device = device;
    this.rows = rows;
    this.blocks = blocks;
    this.here = new long[Math.multiplyExact(rows, blocks * BLOCK)];
    this.table = device.indices(new int[here.length]);
    this.had = new Branch[rows];
  }

  /** The blocks of a table for rows of {@code keys}: 2ⁿ or 3·2ⁿ, so that tables have few shapes. */
  static int blocksFor(int keys) {
    int needed = Math.max(1, (keys + BLOCK - 1) / BLOCK);
    int power = Integer.highestOneBit(needed);
    if (needed == power) {
      return power;
    }
    return needed <= power + power / 2 ? power + power / 2 : 2 * power;
  }

  int rows() {
    return rows;
  }

  int blocks() {
    return blocks;
  }

  /** Key numbers, {@code (R, B·BLOCK)}; the scope frees the view. */
  Tensor keys() {
    return table.flat().view(rows, -1);
  }

  /**
   * Updates the table by a branch of one query for each row, except for the last key of rows that
   * continue their previous branch.
   */
  void update(List<Branch> branches) {
    int first = rows;
    int last = -1;
    for (int row = 0; row < rows; row++) {
      Branch branch = branches.get(row);
      if (had[row] != null && goesOn(had[row], branch)) {
        here[place(row, branch.keys() - 1)] = lastKey(branch);
      } else {
        first = Math.min(first, row);
        last = row;
        int[] keys = branch.rows();
        for (int key = 0; key < keys.length; key++) {
          here[place(row, key)] = keys[key];
        }
      }
      had[row] = branch;
    }
    if (last >= first) {
      int from = place(first, 0);
      int to = place(last + 1, 0);
      device.send(Arrays.copyOfRange(here, from, to), table.flat().narrow(0, from, to - from));
    }
  }

  private int place(int row, int key) {
    return row * blocks * BLOCK + key;
  }

  /** The number of the key that a branch sees last. */
  private static int lastKey(Branch branch) {
    int[] last = {0};
    branch.forEachRun((start, count, key) -> last[0] = start + count - 1);
    return last[0];
  }

  /** Whether a branch sees the keys of its predecessor and at most one more. */
  private static boolean goesOn(Branch before, Branch branch) {
    int more = branch.keys() - before.keys();
    if (more < 0 || more > 1) {
      return false;
    }
    for (int r = 0, left = before.keys(); left > 0; r++) {
      Branch.Run a = before.runs().get(r);
      Branch.Run b = branch.runs().get(r);
      if (a.start() != b.start() || Math.min(a.length(), left) != Math.min(b.length(), left)) {
        return false;
      }
      left -= Math.min(a.length(), left);
    }
    return true;
  }

  /** Writes each row's last key at its place in the row, both {@code (R)}. */
  void append(Tensor places, Tensor keys) {
    Tensor starts =
        torch
            .arange(new Scalar((long) rows), device.options(ScalarType.Long))
            .mul_(new Scalar((long) blocks * BLOCK));
    table.flat().index_copy_(0, starts.add_(places), keys);
  }

  @Override
  public void close() {
    table.counted().close();
  }
}
