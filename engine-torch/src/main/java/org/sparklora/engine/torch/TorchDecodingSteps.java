package org.sparklora.engine.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.bytedeco.pytorch.Tensor;
import org.sparklora.model.engine.Branch;
import org.sparklora.model.engine.DecodingSteps;
import org.sparklora.model.engine.Kernels;
import org.sparklora.model.engine.tensor.Indices;

/**
 * Decoding steps in a few shapes: R rows, a power of two, and B blocks of keys in the layers with
 * each window. Each shape has its own memory for the new values of a step: an array of numbers,
 * sent at once, and a {@link KeyTable} for each window. So two steps of a shape call the same
 * operators with the same arguments, and if the device {@link Recorder records}, all but the first
 * two are replayed.
 */
final class TorchDecodingSteps extends DecodingSteps {
  /** The fewest rows of a step: a block of products on CPUs. */
  private static final int FEWEST = 8;

  /** Numbers of a row before those of windows, which have two: slot, and index of its last key. */
  private static final int TOKEN_AND_POSITION = 2;

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

  /** The shape of the table of a window. */
  private record Shape(int window, int rows, int blocks) {}

  /** Equal for steps that call the same operators with the same arguments. */
  private record Kind(List<Shape> shapes, List<TorchTensor.Memory> over) {}

  /** The keys of each row in the layers with one window. */
  private record Seen(Shape shape, KeyTable table, List<Branch> branches) {}

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
    List<int[]> columns = new ArrayList<>(List.of(tokens.ids(), tokens.positions()));
    List<Seen> seen = new ArrayList<>();
    for (Map.Entry<Integer, Slots> slots : tokens.slots().entrySet()) {
      List<Branch> branches = slots.getValue().branches();
      seen.add(seen(slots.getKey(), padded(branches, rows)));
      columns.add(slots.getValue().own());
      columns.add(branches.stream().mapToInt(branch -> branch.keys() - 1).toArray());
    }
    int count = columns.size() * rows;
    Tensor here = numbers.computeIfAbsent(rows, of -> device.indices(new int[count])).flat();
    scope.run(
        () -> {
          seen.forEach(of -> of.table.update(of.branches));
          device.send(inRows(columns, rows), here);
        });
    int[] bounds = columns.stream().mapToInt(Indices::boundOf).toArray();
    Runnable step = () -> step(seen, here, bounds, rows, operations);
    if (!areAlike) {
      step.run();
      return;
    }
    List<TorchTensor.Memory> memories =
        over.stream().map(TorchTensor::of).map(held -> held.memory(held.size())).toList();
    replays.run(new Kind(seen.stream().map(Seen::shape).toList(), memories), step);
  }

  private Seen seen(int window, List<Branch> branches) {
    int most = branches.stream().mapToInt(Branch::keys).max().orElse(0);
    Shape shape = new Shape(window, branches.size(), KeyTable.blocksFor(most));
    KeyTable table = tables.computeIfAbsent(shape, of -> new KeyTable(device, of.rows, of.blocks));
    return new Seen(shape, table, branches);
  }

  /** Runs a step, in which only the shape's values come from the host. */
  private void step(
      List<Seen> seen, Tensor numbers, int[] bounds, int rows, Consumer<Inputs> operations) {
    scope.run(
        () -> {
          SortedMap<Integer, InMemory> slots = new TreeMap<>();
          try (TorchIndices ids = TorchIndices.over(numbers, 0, rows, bounds[0]);
              TorchIndices positions = TorchIndices.over(numbers, rows, rows, bounds[1])) {
            int column = TOKEN_AND_POSITION;
            for (Seen of : seen) {
              Tensor last = numbers.narrow(0, (column + 1L) * rows, rows);
              of.table.append(last, numbers.narrow(0, (long) column * rows, rows));
              TorchMask.Step step = new TorchMask.Step(of.table, last);
              slots.put(
                  of.shape.window,
                  new InMemory(
                      TorchIndices.over(numbers, column * rows, rows, bounds[column]),
                      new TorchMask(device, of.branches, Optional.of(step))));
              column += 2;
            }
            operations.accept(new Inputs(ids, positions, slots));
          } finally {
            slots.values().forEach(InMemory::close);
          }
        });
  }

  /** A run of {@code rows} numbers for each column, padded with the column's first number. */
  private static long[] inRows(List<int[]> columns, int rows) {
    long[] all = new long[columns.size() * rows];
    for (int i = 0; i < columns.size(); i++) {
      int[] column = columns.get(i);
      for (int row = 0; row < rows; row++) {
        all[i * rows + row] = column[row < column.length ? row : 0];
      }
    }
    return all;
  }

  /** {@code rows} branches: the given ones, then copies of the first for rows that nobody reads. */
  private static List<Branch> padded(List<Branch> branches, int rows) {
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
