package org.sparklora.model.generate;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SortedMap;
import java.util.TreeMap;
import org.sparklora.model.engine.Branch.Run;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.model.layer.KeyValues;

/**
 * Keys and values of all layers for the tokens in flight, in pages of {@value #PAGE} slots. Layers
 * with one window share {@link Pages}: a text takes a page when it needs one, and gives it back
 * when no later token sees it. The place of its pages does not change a text's results.
 *
 * <p>Memory of the layers with one window doubles when their pages run out, so it is less than
 * twice that of the most pages in use at a time. A slot holds 2·K·D elements of the engine's {@link
 * Engine#activationType} in each layer.
 *
 * <p>Not thread-safe.
 */
final class KvCache implements AutoCloseable {
  /** Slots of a page. */
  static final int PAGE = 16;

  private final Engine engine;
  private final long width; // K·D
  private final List<KeyValues> layers = new ArrayList<>(); // (S, K·D) each, S as of its window
  private final SortedMap<Integer, Pages> pages = new TreeMap<>(); // by window

  /** An empty cache of layers with these windows; {@code width} is K·D. */
  KvCache(Engine engine, List<Integer> windows, long width) {
    this.engine = engine;
    this.width = width;
    for (int layer = 0; layer < windows.size(); layer++) {
      pages.computeIfAbsent(windows.get(layer), Pages::new).ofLayers.add(layer);
    }
    Tensor nothing = engine.allocate(engine.activationType(), 0, width);
    layers.addAll(Collections.nCopies(windows.size(), new KeyValues(nothing, nothing)));
  }

  /** The caches of all layers, valid until {@link Pages#take} is called. */
  List<KeyValues> layers() {
    return layers;
  }

  Collection<Pages> pages() {
    return pages.values();
  }

  /** The pages of the layers with one window. */
  final class Pages {
    private final int window;
    private final List<Integer> ofLayers = new ArrayList<>();
    private final PriorityQueue<Integer> free = new PriorityQueue<>(); // first slot of each
    private int slots = 0;

    private Pages(int window) {
      this.window = window;
    }

    /** Most tokens that a token of these layers sees. */
    int window() {
      return window;
    }

    /** Takes the lowest free page. */
    Run take() {
      if (free.isEmpty()) {
        grow(Math.max(PAGE, Math.multiplyExact(2, slots)));
      }
      return new Run(free.remove(), PAGE);
    }

    void giveBack(Run page) {
      free.add(page.start());
    }

    /** Grows one tensor after the other, so that no more than one of them exists twice. */
    private void grow(int newSlots) {
      for (int layer : ofLayers) {
        KeyValues old = layers.get(layer);
        Tensor keys = grown(old.keys(), newSlots);
        layers.set(layer, new KeyValues(keys, old.values()));
        layers.set(layer, new KeyValues(keys, grown(old.values(), newSlots)));
      }
      for (int page = slots; page < newSlots; page += PAGE) {
        free.add(page);
      }
      slots = newSlots;
    }

    private Tensor grown(Tensor old, int newSlots) {
      Tensor grown = engine.allocate(engine.activationType(), newSlots, width);
      if (slots > 0) {
        Tensor.closedOnFailure(grown, y -> engine.copy(old, y.rows(0, slots)));
      }
      old.close();
      return grown;
    }
  }

  @Override
  public void close() {
    for (KeyValues layer : layers) {
      layer.keys().close();
      layer.values().close();
    }
  }
}
