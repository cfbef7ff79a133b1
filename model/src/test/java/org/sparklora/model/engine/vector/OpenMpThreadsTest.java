package org.sparklora.model.engine.vector;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.bytedeco.dnnl.global.dnnl;
import org.bytedeco.javacpp.Loader;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.vector.Gemm.Matrix;

@EnabledOnOs(OS.LINUX)
class OpenMpThreadsTest {
  /** Linux's name of a thread, which threads that it starts inherit. */
  private static final String CALLER = "gemm-caller";

  @TempDir private Path folder;

  /** A process that multiplies on one thread and says how many threads that took. */
  static final class Multiplying {
    private static final int SIZE = 512;

    public static void main(String[] arguments) throws Exception {
      loadFirst(Path.of(arguments[0]));
      Thread caller = new Thread(Multiplying::multiply, CALLER);
      caller.start();
      caller.join();
    }

    /** As if another library had brought it, from a place of its own. */
    private static void loadFirst(Path folder) throws IOException {
      String name = "libgomp.so.1";
      String resource = "/org/bytedeco/dnnl/%s/%s".formatted(Loader.getPlatform(), name);
      Path unpacked = Loader.cacheResource(dnnl.class, resource).toPath();
      System.load(Files.copy(unpacked, folder.resolve(name)).toString());
    }

    private static void multiply() {
      System.out.println(OpenMpThreads.limitCallingThreadToOne());
      try (HostTensor a = HostTensor.allocate(DType.FLOAT32, SIZE, SIZE);
          HostTensor b = HostTensor.allocate(DType.FLOAT32, SIZE, SIZE);
          HostTensor c = HostTensor.allocate(DType.FLOAT32, SIZE, SIZE);
          Scratch scratch = new Scratch()) {
        Gemm.multiply(
            scratch, SIZE, SIZE, SIZE, 1, Matrix.of(a), Matrix.of(b), false, Matrix.of(c));
      }
      System.out.println(threads());
    }

    private static long threads() {
      try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
        return tasks.filter(task -> name(task).equals(CALLER)).count();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    private static String name(Path task) {
      try {
        return Files.readString(task.resolve("comm")).strip();
      } catch (IOException e) {
        return "ended";
      }
    }
  }

  @Test
  void ofTwoCopiesTheOneIsLimitedThatComputes() throws Exception {
    ProcessBuilder multiplying =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "-Dorg.bytedeco.javacpp.cachedir=" + folder,
                "-cp",
                System.getProperty("java.class.path"),
                Multiplying.class.getName(),
                folder.toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT);
    multiplying.environment().put("OMP_NUM_THREADS", "4");

    List<String> said = multiplying.start().inputReader().lines().toList();

    assertThat(said).containsExactly("true", "1");
  }
}
