package org.sparklora.model.engine.hardware;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Names the kernels that OpenBLAS, with which ND4J and libtorch multiply, must use on CPUs newer
 * than itself. Version 0.3.19, which both load, reads an unknown model number or family of Intel's
 * as a Pentium 4's and an unknown family of AMD's as an Opteron's ({@code get_coretype} in its
 * {@code driver/others/dynamic.c}), and multiplies thirty times slower than it could.
 */
public final class OpenBlasKernels {
  private static final Logger LOG = LoggerFactory.getLogger(OpenBlasKernels.class);

  /** The environment variable that OpenBLAS reads when it is loaded. */
  static final String VARIABLE = "OPENBLAS_CORETYPE";

  /** The last Intel family that OpenBLAS knows; Nova Lake is of family 18, Diamond Rapids of 19. */
  private static final int INTEL_FAMILY = 6;

  /** The highest model of that family, Rocket Lake, that OpenBLAS knows. */
  private static final int INTEL_MODEL = 0xA7;

  /** The first AMD family, Zen 5, that OpenBLAS does not know. */
  private static final int AMD_FAMILY = 0x1A;

  private static final Set<String> AVX512 =
      Set.of("avx512f", "avx512cd", "avx512bw", "avx512dq", "avx512vl");

  private static boolean chosen;

  private OpenBlasKernels() {}

  /**
   * Sets {@code OPENBLAS_CORETYPE} for this process, if the CPU needs it and the user has not set
   * it. To be called before OpenBLAS is loaded; later calls do nothing.
   */
  public static synchronized void choose() {
    if (chosen || System.getenv(VARIABLE) != null) {
      return;
    }
    chosen = true;
    of(CpuInfo.here()).ifPresent(OpenBlasKernels::set);
  }

  /** The name of the kernels for a CPU that OpenBLAS does not know; empty for other CPUs. */
  static Optional<String> of(CpuInfo cpu) {
    boolean avx2 = cpu.instructions().contains("avx2");
    if (cpu.isAmd() && cpu.family() >= AMD_FAMILY && avx2) {
      return Optional.of("ZEN");
    }
    boolean newer = cpu.family() == INTEL_FAMILY && cpu.model() > INTEL_MODEL;
    if (cpu.isIntel() && (newer || cpu.family() > INTEL_FAMILY) && avx2) {
      return Optional.of(cpu.instructions().containsAll(AVX512) ? "SKYLAKEX" : "HASWELL");
    }
    return Optional.empty();
  }

  /** Sets the variable in the C environment; not in Java's copy, which child processes get. */
  static void set(String kernels) {
    try {
      Loader.load(Pointer.class); // JavaCPP's own library, which looks symbols up
      byte[] setting = (VARIABLE + "=" + kernels).getBytes(StandardCharsets.US_ASCII);
      Pointer text = Pointer.calloc(1, setting.length + 1L); // never freed: putenv keeps it
      new BytePointer(text).put(setting);
      new NativeFunction("putenv").call(text.address());
    } catch (ReflectiveOperationException | LinkageError e) {
      LOG.warn("OpenBLAS takes old kernels on this CPU; set {}={}", VARIABLE, kernels);
    }
  }
}
