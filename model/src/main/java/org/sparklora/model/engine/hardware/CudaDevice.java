package org.sparklora.model.engine.hardware;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.OptionalLong;

/**
 * A GPU as {@code nvidia-smi} describes it. Engines choose a GPU and check that they support it
 * before they load CUDA.
 *
 * @param index number of the GPU on this node, in the order of the PCI bus
 * @param name NVIDIA's product name
 * @param major and minor the compute capability: 8.0 for an A100
 * @param driver version of the driver, such as {@code 535.104.05}
 */
public record CudaDevice(int index, String name, int major, int minor, String driver) {
  /** The query whose output {@link #parse} reads. */
  private static final String FIELDS = "--query-gpu=index,name,compute_cap,driver_version";

  private static final long MEBIBYTE = 1 << 20;

  /**
   * The device with this number.
   *
   * @throws IllegalStateException if it does not exist, with the output of nvidia-smi
   */
  public static CudaDevice at(int index) {
    return choose(index, parse(output(index, "nvidia-smi", FIELDS, "--format=csv,noheader")));
  }

  /** Parses the output of nvidia-smi, one line for each device. */
  static List<CudaDevice> parse(String output) {
    return output.lines().filter(line -> !line.isBlank()).map(CudaDevice::parseLine).toList();
  }

  private static CudaDevice parseLine(String line) {
    String[] fields = line.strip().split("\\s*,\\s*");
    try {
      String[] capability = fields[2].split("\\.");
      return new CudaDevice(
          Integer.parseInt(fields[0]),
          fields[1],
          Integer.parseInt(capability[0]),
          Integer.parseInt(capability[1]),
          fields[3]);
    } catch (NumberFormatException | ArrayIndexOutOfBoundsException e) {
      throw new IllegalStateException(
          "Cannot read nvidia-smi's line \"%s\": expected number, name, compute capability and driver version; drivers before 510 do not name the capability, update the driver"
              .formatted(line),
          e);
    }
  }

  static CudaDevice choose(int index, List<CudaDevice> devices) {
    return devices.stream()
        .filter(device -> device.index == index)
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalStateException(
                    "Cannot use GPU %s: nvidia-smi finds %s; check the discovery script, which gave that address"
                        .formatted(index, devices.isEmpty() ? "none" : devices)));
  }

  /** Refuses a driver older than {@code oldest}: an IllegalStateException says what needs it. */
  public void requireDriver(int oldest, String what) {
    if (Integer.parseInt(driver.split("\\.")[0]) < oldest) {
      throw new IllegalStateException(
          "Cannot compute on %s: %s needs driver %s or newer; update the driver"
              .formatted(this, what, oldest));
    }
  }

  /** Ten times the compute capability: 89 for 8.9. */
  public int capability() {
    return 10 * major + minor;
  }

  /**
   * Bytes in use on the GPU now, by all processes; empty if nvidia-smi does not know them, or
   * fails, as in a container that lost the driver, where a process that computes on the GPU goes
   * on.
   */
  public OptionalLong usedBytes() {
    String format = "--format=csv,noheader,nounits";
    try {
      return usedBytes(
          output(index, "nvidia-smi", "--query-gpu=memory.used", format, "--id=" + index));
    } catch (IllegalStateException e) {
      return OptionalLong.empty();
    }
  }

  /** Bytes of a number of mebibytes; empty for text such as {@code [N/A]}. */
  static OptionalLong usedBytes(String mebibytes) {
    try {
      return OptionalLong.of(Long.parseLong(mebibytes) * MEBIBYTE);
    } catch (NumberFormatException e) {
      return OptionalLong.empty();
    }
  }

  private static String output(int index, String... command) {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      String output =
          new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
      if (process.waitFor() == 0) {
        return output;
      }
      throw new IllegalStateException(
          "Cannot use GPU %s: nvidia-smi says \"%s\"; check the driver, which must be 510 or newer"
              .formatted(index, output));
    } catch (IOException e) {
      throw new IllegalStateException(
          "Cannot use GPU %s: nvidia-smi cannot be run here (%s); install NVIDIA's driver"
              .formatted(index, e.getMessage()),
          e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("Interrupted while asking nvidia-smi", e);
    }
  }

  @Override
  public String toString() {
    return "GPU %s (%s, compute capability %s.%s, driver %s)"
        .formatted(index, name, major, minor, driver);
  }
}
