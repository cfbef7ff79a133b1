package org.sparklora.model.engine;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The keys that each query of one pass attends to: of its document in a packed batch, of a shared
 * prompt and a completion, or in slots of a cache. An engine {@link Engine#mask makes} the mask
 * once for all layers, or for all whose cache has the same slots.
 *
 * <p>This class lies in the Java heap; device engines extend it by device memory, which {@link
 * #close} frees.
 *
 * <p>Words: a <i>branch</i> is some consecutive queries with the keys they see; a <i>run</i> is
 * some consecutive rows of keys; a <i>family</i> is all branches whose first key is the same.
 */
public class AttentionMask implements AutoCloseable {
  private final List<Branch> branches;
  private int queries;
  private int keys;
  private final Map<Integer, AttentionMask> within = new HashMap<>(); // by window
  private List<List<Branch>> families; // null until a backward asks for them

  protected AttentionMask(List<Branch> branches) {
    this.branches = branches;
    for (Branch branch : branches) {
      queries = Math.max(queries, Math.addExact(branch.firstQuery(), branch.queries()));
      branch.forEachRun((start, count, key) -> keys = Math.max(keys, Math.addExact(start, count)));
    }
  }

  /**
   * This mask for layers in which a query sees no more than the last {@code window} keys, its own
   * included; this mask itself if that hides nothing. The same object for each layer, closed with
   * this mask.
   */
  public final AttentionMask within(int window) {
    return window == Branch.ALL ? this : within.computeIfAbsent(window, this::windowed);
  }

  private AttentionMask windowed(int window) {
    boolean hidesKeys = branches.stream().anyMatch(branch -> branch.keys() > window);
    return hidesKeys ? of(branches.stream().map(b -> b.within(window)).toList()) : this;
  }

  /** A mask of the same engine. */
  protected AttentionMask of(List<Branch> others) {
    return new AttentionMask(others);
  }

  /** The branches of the mask; each query belongs to at most one of them. */
  public final List<Branch> branches() {
    return branches;
  }

  /** The least number of rows of q. */
  final int queries() {
    return queries;
  }

  /** The least number of rows of k and v. */
  final int keys() {
    return keys;
  }

  /**
   * The branches by the keys they share, for a backward: no two families have a key in common.
   *
   * @throws IllegalArgumentException if a branch of several runs begins with keys that are not the
   *     beginning of a branch of one run: the gradients of a beginning's keys are summed over all
   *     branches that share it
   */
  public final List<List<Branch>> families() {
    if (families != null) {
      return families;
    }
    Map<Integer, Integer> beginnings = new HashMap<>();
    Map<Integer, List<Branch>> groups = new TreeMap<>();
    for (Branch branch : branches) {
      Branch.Run first = branch.runs().get(0);
      groups.computeIfAbsent(first.start(), start -> new ArrayList<>()).add(branch);
      if (branch.runs().size() == 1) {
        beginnings.merge(first.start(), branch.keys(), Math::max);
      }
    }
    for (Branch branch : branches) {
      Branch.Run first = branch.runs().get(0);
      if (branch.runs().size() > 1 && first.length() > beginnings.getOrDefault(first.start(), 0)) {
        throw new IllegalArgumentException(
            "Cannot run attentionBackward: the first keys of %s are not the beginning of another branch"
                .formatted(branch));
      }
    }
    families = List.copyOf(groups.values());
    return families;
  }

  /** Frees the mask's device memory, if it has any. Idempotent. */
  @Override
  public void close() {
    List<AttentionMask> masks = List.copyOf(within.values());
    within.clear();
    masks.forEach(AttentionMask::close); // one of them may be this mask
  }
}
