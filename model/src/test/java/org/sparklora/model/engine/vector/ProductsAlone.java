package org.sparklora.model.engine.vector;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.ProfiledEngine.Product;
import org.sparklora.model.engine.tensor.DType;

/**
 * The matrix products of a training step and nothing else, as a lower bound of the step's time: one
 * oneDNN call for each product and thread, weights arranged beforehand in the layout that oneDNN
 * prefers, results in the operands' type and overwritten instead of added to. Each call of a shape
 * has a weight of its own; activations and results move through {@value #RING} bytes, so that
 * neither stays in a cache. Thin products, with fewer than {@value #LEAST} rows, columns or terms,
 * are left out: memory limits them, not arithmetic.
 *
 * <p>Not thread-safe.
 */
public final class ProductsAlone implements AutoCloseable {
  private static final int RING = 1 << 27;
  private static final int LEAST = 16;

  /** Larger weights are read from memory in any case: one serves all calls of its shape. */
  private static final long LARGEST_COPIED = 1 << 24;

  private final List<Share> shares = new ArrayList<>();
  private final ExecutorService threads;
  private final double operations;

  /**
   * @param products of one step
   * @param type of operands and results, float32 or bfloat16
   * @param threads each computes a part of every product's rows
   */
  public ProductsAlone(List<Product> products, DType type, int threads) {
    List<Product> thick = products.stream().filter(ProductsAlone::isThick).toList();
    operations = thick.stream().mapToDouble(Product::operations).sum();
    this.threads = Executors.newFixedThreadPool(threads);
    for (int t = 0; t < threads; t++) {
      shares.add(new Share(type));
    }
    each(
        share -> {
          if (!OpenMpThreads.limitCallingThreadToOne()) {
            throw new IllegalStateException("Cannot limit OpenMP to one thread");
          }
          thick.forEach(product -> share.add(product, shares.indexOf(share), threads));
        });
    run(); // compiles, and touches all memory
  }

  private static boolean isThick(Product product) {
    return Math.min(product.rows(), Math.min(product.columns(), product.terms())) >= LEAST;
  }

  /** Computes all products; returns the CPU seconds of all threads. */
  public double run() {
    ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    List<Double> seconds = new ArrayList<>();
    each(
        share -> {
          long start = clock.getCurrentThreadCpuTime();
          share.calls.forEach(Call::run);
          synchronized (seconds) {
            seconds.add((clock.getCurrentThreadCpuTime() - start) / 1e9);
          }
        });
    return seconds.stream().mapToDouble(Double::doubleValue).sum();
  }

  /** Floating-point operations of {@link #run}. */
  public double operations() {
    return operations;
  }

  private interface Work {
    void of(Share share);
  }

  /** Runs work for each share on a thread of the pool, all at once: each thread takes one. */
  private void each(Work work) {
    try {
      List<Callable<Void>> tasks = new ArrayList<>();
      for (Share share : shares) {
        tasks.add(
            () -> {
              work.of(share);
              return null;
            });
      }
      for (Future<Void> done : threads.invokeAll(tasks)) {
        done.get();
      }
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    threads.shutdown();
    shares.forEach(Share::close);
  }

  /** The calls of one thread. */
  private static final class Share {
    private final engine cpu = new engine(engine.kind.cpu, 0);
    private final stream stream = new stream(cpu);
    private final memory.data_type type;
    private final int bytes;
    private final BytePointer inputs = new BytePointer(RING);
    private final BytePointer results = new BytePointer(RING);
    private final List<Call> calls = new ArrayList<>();
    private long input;
    private long result;

    Share(DType type) {
      this.type = type == DType.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
      this.bytes = type.bytes();
      Random random = new Random(1);
      for (long at = 0; at < RING; at += bytes) { // numbers near 1 in both types
        inputs.putShort(at, (short) random.nextInt(256));
        inputs.putShort(at + bytes - 2, (short) (0x3F00 + random.nextInt(256)));
      }
    }

    /** Adds the calls of one shape: this share's rows of it. */
    void add(Product product, int index, int of) {
      long from = product.rows() * index / of;
      long rows = product.rows() * (index + 1) / of - from;
      long[] a = {rows, product.terms()};
      long[] b = {product.terms(), product.columns()};
      long[] c = {rows, product.columns()};
      memory.desc layoutA =
          product.isOfWeight() // A is dYᵀ: its rows lie one element apart
              ? new memory.desc(a, type, new long[] {1, product.rows()}, false)
              : new memory.desc(a, type, memory.format_tag.ab, false);
      memory.desc layoutB =
          new memory.desc(
              b, type, product.isOfWeight() ? memory.format_tag.ab : memory.format_tag.any, false);
      memory.desc layoutC = new memory.desc(c, type, memory.format_tag.ab, false);
      primitive_attr attributes = new primitive_attr();
      matmul.primitive_desc description =
          new matmul.primitive_desc(cpu, layoutA, layoutB, layoutC, attributes, false);
      Shape shape =
          new Shape(new matmul(description), layoutA, description.weights_desc(), layoutC);
      long weightBytes = shape.b.get_size();
      memory weight = product.isOfWeight() ? null : weight(shape.b, b);
      for (int call = 0; call < product.calls(); call++) {
        if (weight != null && call > 0 && weightBytes <= LARGEST_COPIED) {
          weight = weight(shape.b, b);
        }
        calls.add(call(shape, weight));
      }
    }

    private Call call(Shape shape, memory weight) {
      memory a = new memory(shape.a, cpu, next(inputs, shape.a.get_size(), true));
      memory b =
          weight != null
              ? weight
              : new memory(shape.b, cpu, next(inputs, shape.b.get_size(), true));
      memory c = new memory(shape.c, cpu, next(results, shape.c.get_size(), false));
      IntMemoryMap arguments = new IntMemoryMap();
      arguments.put(dnnl.DNNL_ARG_SRC, a);
      arguments.put(dnnl.DNNL_ARG_WEIGHTS, b);
      arguments.put(dnnl.DNNL_ARG_DST, c);
      return () -> shape.primitive.execute(stream, arguments);
    }

    private Pointer next(BytePointer ring, long size, boolean isInput) {
      long at = isInput ? input : result;
      if (at + size > RING) {
        at = 0;
      }
      if (isInput) {
        input = at + (size + 4095) / 4096 * 4096;
      } else {
        result = at + (size + 4095) / 4096 * 4096;
      }
      return new BytePointer(ring).position(at);
    }

    private memory weight(memory.desc layout, long[] dimensions) {
      memory.desc plain = new memory.desc(dimensions, type, memory.format_tag.ba, false);
      memory source = new memory(plain, cpu, next(inputs, plain.get_size(), true));
      memory weight = new memory(layout, cpu);
      try (reorder reorder = new reorder(source, weight)) {
        reorder.execute(stream, source, weight);
      }
      return weight;
    }

    void close() {
      inputs.close();
      results.close();
    }
  }

  private interface Call {
    void run();
  }

  private record Shape(matmul primitive, memory.desc a, memory.desc b, memory.desc c) {}
}
