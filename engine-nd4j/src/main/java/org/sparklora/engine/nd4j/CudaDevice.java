package org.sparklora.engine.nd4j;

import java.util.List;

/**
 * A GPU as {@code nvidia-smi} describes it.
 *
 * @param index its number on this machine, in the order of the PCI bus
 * @param name as NVIDIA sells it
 * @param major and minor its compute capability: 8.0 for an A100
 * @param driver version of the driver, such as {@code 535.104.05}
 */
record CudaDevice(int index, String name, int major, int minor, String driver) {
  /** Arguments of {@code nvidia-smi} for what {@link #parse} reads. */
  static final List<String> QUERY =
      List.of("--query-gpu=index,name,compute_cap,driver_version", "--format=csv,noheader");

  /** The oldest driver that runs programs of CUDA 11.6. */
  private static final int OLDEST_DRIVER = 450;

  /** What {@code nd4j-cuda-11.6} was compiled for; it has no PTX, which newer GPUs would need. */
  private static final String SUPPORTED =
      "nd4j-cuda-11.6 has kernels for compute capability 3.7 to 8.6 (Kepler K80 to Ampere: V100, T4, A100, A10), which 8.9 (Ada: L4, L40) runs as well; Hopper and newer it cannot";

  /** One line for each device. */
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

  /**
   * The device with this number.
   *
   * @throws IllegalStateException if it is not there or cannot run the kernels
   */
  static CudaDevice choose(int index, List<CudaDevice> devices) {
    CudaDevice chosen =
        devices.stream()
            .filter(device -> device.index == index)
            .findFirst()
            .orElseThrow(
                () ->
                    new IllegalStateException(
                        "Cannot use GPU %d: nvidia-smi finds %s; check the discovery script, which gave that address"
                            .formatted(index, devices.isEmpty() ? "none" : devices)));
    chosen.check();
    return chosen;
  }

  private void check() {
    int capability = 10 * major + minor;
    if (capability < 37 || capability > 89) {
      throw new IllegalStateException(
          "Cannot compute on %s: %s. Use another GPU, or -Dlora.engine=vector for processors"
              .formatted(this, SUPPORTED));
    }
    if (Integer.parseInt(driver.split("\\.")[0]) < OLDEST_DRIVER) {
      throw new IllegalStateException(
          "Cannot compute on %s: CUDA 11.6 needs driver %d or newer; update the driver"
              .formatted(this, OLDEST_DRIVER));
    }
  }

  @Override
  public String toString() {
    return "GPU %d (%s, compute capability %d.%d, driver %s)"
        .formatted(index, name, major, minor, driver);
  }
}
