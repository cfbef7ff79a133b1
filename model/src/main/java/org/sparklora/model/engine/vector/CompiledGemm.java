package org.sparklora.model.engine.vector;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.bytedeco.dnnl.IntMemoryMap;
import org.bytedeco.dnnl.engine;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.dnnl.matmul;
import org.bytedeco.dnnl.memory;
import org.bytedeco.dnnl.post_ops;
import org.bytedeco.dnnl.primitive_attr;
import org.bytedeco.dnnl.reorder;
import org.bytedeco.dnnl.stream;
import org.bytedeco.javacpp.Pointer;
import org.sparklora.model.engine.hardware.CpuInfo;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.vector.Gemm.Layout;
import org.sparklora.model.engine.vector.Gemm.Matrix;

/**
 * Matrix products that oneDNN compiles: {@code C = A·B}, or {@code C += …}, with A {@code (m, k)}
 * and B {@code (k, n)} bfloat16. Sums, which in {@code C += …} include C's elements, are float32; C
 * {@code (m, n)} is float32, or bfloat16, to which the sums are rounded once. A may be float32 if B
 * is a {@link PackedWeight}, which oneDNN then widens in registers.
 *
 * <p>Each shape of product is compiled once; the {@link #MOST} last used are kept. Belongs to one
 * thread, which owns the native objects until {@link #close}.
 */
final class CompiledGemm implements AutoCloseable {
  /** Compiled shapes that are kept: a model has some thirty for each batch size. */
  private static final int MOST = 256;

  /**
   * Products are cut into a multiple of this many tokens and the remainder, so that batches of
   * different sizes share most of their shapes; compiling a shape costs 3 ms and a megabyte.
   */
  static final int TOKENS = 64;

  /** The layout of a B that {@link #pack} or, for a float32 A, {@link PackedWeight} arranged. */
  private static final Layout PACKED = new Layout(DType.BFLOAT16, 0, true);

  /** Alignment of the scratchpad: that of oneDNN's own parts, and of a page. */
  private static final long ALIGNMENT = 4096;

  /** With a float32 A, the columns of a packed B must be a multiple of this. */
  static final int LANES = 8;

  /** With a float32 A, a packed B consists of panels of this many columns, stored row by row. */
  static final int PANEL = 16;

  /** An Intel core does 87 GFLOP/s with AVX-512 BF16 and 180 with float32 (Emerald Rapids). */
  private static final boolean IS_INTEL = CpuInfo.here().isIntel();

  private final engine cpu = new engine(engine.kind.cpu, 0);
  private final stream stream = new stream(cpu);
  private final Scratch.MovingPointer address = new Scratch.MovingPointer();
  private HostTensor scratchpad = HostTensor.allocate(DType.FLOAT32, 0); // shared by all products
  private final Map<Shape, Product> products =
      new LinkedHashMap<>(64, 0.75f, true) {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Shape, Product> eldest) {
          boolean full = size() > MOST;
          if (full) {
            eldest.getValue().close();
          }
          return full;
        }
      };

  /**
   * True if the CPU multiplies bfloat16 faster than float32: with AMX, or with AVX-512 BF16 unless
   * Intel made it. On other CPUs oneDNN emulates bfloat16 and is slower than with float32.
   */
  static boolean multipliesBfloat16() {
    return has(dnnl.dnnl_cpu_isa_avx512_core_amx)
        || has(dnnl.dnnl_cpu_isa_avx512_core_bf16) && !IS_INTEL;
  }

  /**
   * True if oneDNN multiplies a float32 A by a packed B with the tested kernel: on x64 with AVX2
   * but not AVX-512, for which oneDNN has another kernel. Other CPUs have none.
   */
  static boolean widensPacked() {
    return has(dnnl.dnnl_cpu_isa_avx2) && !has(dnnl.dnnl_cpu_isa_avx512_core);
  }

  private static boolean has(int instructions) {
    int isa = dnnl.dnnl_get_effective_cpu_isa(); // a bit set; a newer ISA has the older bits, too
    return (isa & instructions) == instructions;
  }

  /** The key of a compiled product. */
  private record Shape(long m, long n, long k, Layout a, Layout b, Layout c, boolean adds) {}

  /** C (m, n) = A (m, k) · B (k, n), or C += … if {@code adds}; B is not transposed if A is. */
  void multiply(long m, long n, long k, Matrix a, Matrix b, Matrix c, boolean adds) {
    boolean sums = a.layout().isTransposed(); // over tokens: A holds activations or their gradients
    long tokens = sums ? k : m;
    long even = tokens > TOKENS ? tokens / TOKENS * TOKENS : tokens;
    long left = tokens - even;
    if (left == 0) {
      run(m, n, k, a, b, c, adds);
    } else if (sums) {
      run(m, n, even, a, b, c, adds);
      run(m, n, left, a.at(0, even), b.at(even, 0), c, true);
    } else {
      run(even, n, k, a, b, c, adds);
      run(left, n, k, a.at(even, 0), b, c.at(even, 0), adds);
    }
  }

  /**
   * C (m, n) = A (m, k) · B (k, n), or {@code C += …}, of a B that {@link #pack} or, for a float32
   * A, {@link PackedWeight} arranged.
   *
   * @param m not cut into {@link #TOKENS}, so that it decides which kernel computes
   */
  void multiplyPacked(long m, long n, long k, Matrix a, long b, Matrix c, boolean adds) {
    run(m, n, k, a, new Matrix(PACKED, b), c, adds);
  }

  /**
   * Arranges B for {@link #multiplyPacked} with a bfloat16 A: rounds to bfloat16, in blocks of
   * {@link PackedWeight#OUTPUTS} by {@link PackedWeight#INPUTS}, padded with zeros.
   *
   * @param rows {@code (n, k)}, the transposed of B
   */
  void pack(long n, long k, Matrix rows, long to) {
    long[] strides = {1, rows.layout().stride()};
    try (memory.desc from = new memory.desc(new long[] {k, n}, type(rows.dtype()), strides, false);
        memory.desc packed = packed(DType.BFLOAT16, k, n);
        memory source = new memory(from, cpu, (Pointer) null);
        memory target = new memory(packed, cpu, (Pointer) null);
        reorder reorder = new reorder(source, target)) {
      source.set_data_handle(address.to(rows.address()));
      target.set_data_handle(address.to(to));
      reorder.execute(stream, source, target);
    }
  }

  private static memory.desc packed(DType typeA, long k, long n) {
    return new memory.desc(
        new long[] {k, n},
        memory.data_type.bf16,
        typeA == DType.BFLOAT16 ? memory.format_tag.BA16a48b2a : memory.format_tag.BA16a16b,
        false);
  }

  private static memory.data_type type(DType dtype) {
    return dtype == DType.BFLOAT16 ? memory.data_type.bf16 : memory.data_type.f32;
  }

  private void run(long m, long n, long k, Matrix a, Matrix b, Matrix c, boolean adds) {
    Shape shape = new Shape(m, n, k, a.layout(), b.layout(), c.layout(), adds);
    products.computeIfAbsent(shape, Product::new).run(a.address(), b.address(), c.address());
  }

  /** The address of {@code bytes} bytes with arbitrary content. */
  private long scratchpad(long bytes) {
    long floats = (bytes + ALIGNMENT) / Float.BYTES;
    if (scratchpad.size() < floats) {
      scratchpad.close();
      scratchpad = HostTensor.allocate(DType.FLOAT32, floats);
    }
    return (scratchpad.address() + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  int compiled() {
    return products.size();
  }

  @Override
  public void close() {
    scratchpad.close();
    products.values().forEach(Product::close);
    products.clear();
    stream.close();
    cpu.close();
  }

  /** One compiled product and the descriptions of its operands, whose addresses change by call. */
  private final class Product {
    private final List<Pointer> owned = new ArrayList<>();
    private final matmul primitive;
    private final memory a;
    private final memory b;
    private final memory c;
    private final memory scratch;
    private final long scratchBytes;
    private final IntMemoryMap arguments = own(new IntMemoryMap());

    Product(Shape shape) {
      memory.desc layoutA = layout(shape.a, shape.m, shape.k);
      memory.desc layoutB =
          shape.b.equals(PACKED)
              ? own(packed(shape.a.dtype(), shape.k, shape.n))
              : layout(shape.b, shape.k, shape.n);
      memory.desc layoutC = layout(shape.c, shape.m, shape.n);
      matmul.primitive_desc description =
          new matmul.primitive_desc(cpu, layoutA, layoutB, layoutC, attributes(shape.adds), false);
      primitive = own(new matmul(description));
      a = argument(dnnl.DNNL_ARG_SRC, new memory(layoutA, cpu, (Pointer) null));
      b = argument(dnnl.DNNL_ARG_WEIGHTS, new memory(layoutB, cpu, (Pointer) null));
      c = argument(dnnl.DNNL_ARG_DST, new memory(layoutC, cpu, (Pointer) null));
      memory.desc layoutOfScratchpad = own(description.scratchpad_desc());
      description.close(); // a megabyte; the primitive keeps its own data
      scratchBytes = layoutOfScratchpad.get_size();
      scratch =
          argument(dnnl.DNNL_ARG_SCRATCHPAD, new memory(layoutOfScratchpad, cpu, (Pointer) null));
    }

    private memory.desc layout(Layout of, long rows, long columns) {
      long[] strides =
          of.isTransposed() ? new long[] {1, of.stride()} : new long[] {of.stride(), 1};
      return own(new memory.desc(new long[] {rows, columns}, type(of.dtype()), strides, false));
    }

    private primitive_attr attributes(boolean adds) {
      primitive_attr attributes = own(new primitive_attr());
      attributes.set_scratchpad_mode(dnnl.scratchpad_mode.user); // so that this class owns it
      if (adds) {
        post_ops sum = own(new post_ops());
        sum.append_sum();
        attributes.set_post_ops(sum);
      }
      return attributes;
    }

    private memory argument(int name, memory argument) {
      arguments.put(name, own(argument));
      return argument;
    }

    private <P extends Pointer> P own(P pointer) {
      owned.add(pointer);
      return pointer;
    }

    void run(long addressA, long addressB, long addressC) {
      a.set_data_handle(address.to(addressA));
      b.set_data_handle(address.to(addressB));
      c.set_data_handle(address.to(addressC));
      scratch.set_data_handle(address.to(scratchpad(scratchBytes)));
      primitive.execute(stream, arguments);
    }

    void close() {
      for (int i = owned.size() - 1; i >= 0; i--) {
        owned.get(i).close();
      }
    }
  }
}
