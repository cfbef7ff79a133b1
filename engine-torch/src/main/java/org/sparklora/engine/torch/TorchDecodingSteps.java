package org.sparklora.engine.torch;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.DecodingSteps;
import org.sparklora.model.engine.Kernels;

/**
 * Decoding steps in a few shapes: R rows, a power of two, and B blocks of keys. Each shape has its
 * own memory for the new values of a step: an array of numbers, sent at once, and a {@link
 * KeyTable}. So two steps of a shape call the same operators with the same arguments, and if the
 * device {@link Recorder records}, all but the first two are replayed.
 */
final class TorchDecodingSteps extends DecodingSteps {
  /** The fewest rows of a step: a block of products on CPUs. */
  private static final int FEWEST = 8;

  /** Numbers of a row: token, position, slot, and its last key's index and number. */
  private static final int NUMBERS = 5;

  private final TorchDevice device;
  private final Scope scope;
  private final Replays replays;
  private final boolean areAlike; // else no step can be replayed
  private final Map<Integer, TorchDevice.Allocation> numbers = new HashMap<>(); // of each R
  private final Map<Shape, KeyTable> tables = new HashMap<>();

  TorchDecodingSteps(Kernels kernels, TorchDevice device, Scope scope, boolean areAlike) {
    super(kernels);
    this.device = device;
    this.scope = scope;
    this.replays = new Replays(device, scope);
    this.areAlike = areAlike;
  }

  private record Shape(int rows, int blocks) {}

  /** Equal for steps that call the same operators with the same arguments. */
  private record Kind(Shape shape, List<TorchTensor.Memory> over) {}

  @Override
  public int rows(int texts) {
    return rowsFor(texts);
  }

  /**
   * The smallest power of two, from 8 on, that is at least {@code texts}; above {@link
   * Products#INDEPENDENT_ROWS}, {@code texts} itself.
   */
  static int rowsFor(int texts) {
    return texts > Products.INDEPENDENT_ROWS
        ? texts
        : Math.max(FEWEST, texts < 2 ? 1 : 2 * Integer.highestOneBit(texts - 1));
  }

  @Override
  public void run(
      Tokens tokens,
      List<org.sparklora.model.engine.tensor.Tensor> over,
      Consumer<Inputs> operations) {
    int rows = rows(tokens.ids().length);
    List<Branch> seen = inRows(tokens.branches(), rows);
    int most = seen.stream().mapToInt(Branch::keys).max().orElse(0);
    Shape shape = new Shape(rows, KeyTable.blocksFor(most));
    KeyTable table = tables.computeIfAbsent(shape, key -> new KeyTable(device, rows, shape.blocks));
    Tensor here = numbers.computeIfAbsent(rows, this::allocated).flat();
    int[][] columns = {
      tokens.ids(),
      tokens.positions(),
      tokens.slots(),
      seen.stream().mapToInt(branch -> branch.keys() - 1).toArray(),
      seen.stream().mapToInt(KeyTable::lastKey).toArray()
    };
    scope.run(
        () -> {
          table.update(seen);
          device.send(inRows(columns, rows), here);
        });
    int[] bounds = Arrays.stream(columns).mapToInt(TorchDecodingSteps::bound).toArray();
    Runnable step = () -> step(table, here, bounds, seen, operations);
    if (!areAlike) {
      step.run();
      return;
    }
    List<TorchTensor.Memory> memories =
        over.stream().map(TorchTensor::of).map(held -> held.memory(held.size())).toList();
    replays.run(new Kind(shape, memories), step);
  }

  /** Runs a step, in which only the shape's values come from the host. */
  private void step(
      KeyTable table,
      Tensor numbers,
      int[] bounds,
      List<Branch> seen,
      Consumer<Inputs> operations) {
    int rows = table.rows();
    scope.run(
        () -> {
          Tensor last = numbers.narrow(0, 3L * rows, rows);
          table.append(last, numbers.narrow(0, 4L * rows, rows));
          try (TorchMask mask =
                  TorchMask.of(device, seen, new TorchMask.Step(table, last, Branch.ALL));
              TorchIndices ids = TorchIndices.over(numbers, 0, rows, bounds[0]);
              TorchIndices positions = TorchIndices.over(numbers, rows, rows, bounds[1]);
              TorchIndices slots = TorchIndices.over(numbers, 2 * rows, rows, bounds[2])) {
            operations.accept(new Inputs(ids, positions, slots, mask));
          }
        });
  }

  private TorchDevice.Allocation allocated(int rows) {
    return device.indices(new int[NUMBERS * rows]);
  }

  private static int bound(int[] values) {
    return Arrays.stream(values).max().orElse(-1) + 1;
  }

  /** A run of {@code rows} numbers for each column, padded with the column's first number. */
  private static long[] inRows(int[][] columns, int rows) {
    long[] all = new long[columns.length * rows];
    for (int i = 0; i < columns.length; i++) {
      for (int row = 0; row < rows; row++) {
        all[i * rows + row] = columns[i][row < columns[i].length ? row : 0];
      }
    }
    return all;
  }

  private static List<Branch> inRows(List<Branch> branches, int rows) {
    List<Branch> all = new ArrayList<>(branches);
    Branch first = branches.get(0);
    for (int row = branches.size(); row < rows; row++) {
      all.add(new Branch(row, 1, first.runs(), first.keys()));
    }
    return all;
  }

  @Override
  public void close() {
    replays.close();
    tables.values().forEach(KeyTable::close);
    tables.clear();
    numbers.values().forEach(made -> made.counted().close());
    numbers.clear();
  }
}
