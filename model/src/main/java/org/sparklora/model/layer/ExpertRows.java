package org.sparklora.model.layer;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Routing;
import org.sparklora.model.engine.tensor.Indices;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.Workspace.Buffer;

/**
 * The rows of a {@link Routing} in an engine's memory.
 *
 * @param tokens the token of each row, {@code (M)}
 * @param places for each of the k experts of a token its row, k times {@code (N)}
 */
record ExpertRows(Routing routing, Indices tokens, List<Indices> places) implements AutoCloseable {

  static ExpertRows of(Engine engine, Routing routing) {
    int active = routing.rule().active();
    int[] rows = routing.rows();
    int[][] places = new int[active][rows.length / active];
    for (int row = 0; row < rows.length; row++) {
      places[rows[row] % active][rows[row] / active] = row;
    }
    List<Indices> made = new ArrayList<>();
    try {
      for (int[] place : places) {
        made.add(engine.indices(place));
      }
      return new ExpertRows(
          routing, engine.indices(Arrays.stream(rows).map(row -> row / active).toArray()), made);
    } catch (Throwable e) { // OutOfMemoryError is a likely one
      made.forEach(Indices::close);
      throw e;
    }
  }

  /** M. */
  int count() {
    return tokens.count();
  }

  /** Computes the rows {@code [from, to)} of an expert. */
  interface Part {
    void run(int expert, int from, int to);
  }

  /** Runs the part of each expert that some token chose. */
  void forEach(Part part) {
    int[] starts = routing.starts();
    for (int e = 0; e + 1 < starts.length; e++) {
      if (starts[e] < starts[e + 1]) {
        part.run(e, starts[e], starts[e + 1]);
      }
    }
  }

  /** The rows of x {@code (N, C)}, until {@link Buffer#ROUTED} is given back. */
  Tensor gather(Workspace workspace, Tensor x) {
    Tensor rows = workspace.lendActivation(Buffer.ROUTED, count(), x.columns());
    workspace.engine().embed(x, tokens, rows); // row m = x[tokens[m]]
    return rows;
  }

  /** The rows of a gradient {@code (N, C)}, until {@link Buffer#D_ROUTED} is given back. */
  Tensor gatherGradient(Workspace workspace, Tensor dX) {
    Tensor rows = workspace.lend(Buffer.D_ROUTED, count(), dX.columns());
    workspace.engine().embed(dX, tokens, rows);
    return rows;
  }

  /** {@code y[n] += Σ rows of n}, with rows {@code (M, C)} and y {@code (N, C)}. */
  void addTo(Workspace workspace, Tensor rows, Tensor y) {
    Tensor part = workspace.lend(Buffer.EXPERT, rows.dtype(), y.shape());
    for (Indices place : places) {
      workspace.engine().embed(rows, place, part);
      workspace.engine().addScaled(part, 1, y);
    }
    workspace.giveBack(Buffer.EXPERT);
  }

  /** The weight of each row, {@code (M)}, until {@link Buffer#WEIGHTS} is given back. */
  Tensor weights(Workspace workspace) {
    float[] weights = new float[count()];
    for (int row = 0; row < weights.length; row++) {
      weights[row] = routing.weights()[routing.rows()[row]];
    }
    Tensor factors = workspace.lend(Buffer.WEIGHTS, weights.length);
    factors.write(0, weights, 0, weights.length);
    return factors;
  }

  @Override
  public void close() {
    tokens.close();
    places.forEach(Indices::close);
  }
}
