package org.sparklora.spark.dl4j;

import java.util.Arrays;
import org.sparklora.pipeline.config.ConfigException;

/** Checks Spark's GPU settings: an executor and its single task must have one whole device. */
final class GpuAddress {
  static final String TASK_AMOUNT = "spark.task.resource.gpu.amount";
  private static final String EXECUTOR_AMOUNT = "spark.executor.resource.gpu.amount";

  private GpuAddress() {}

  /** Refuses a fraction of a GPU, and several GPUs. */
  static void checkAmount(String taskAmount) {
    ConfigException.require(
        Double.parseDouble(taskAmount) == 1,
        TASK_AMOUNT,
        taskAmount,
        "a step uses one GPU, and all of it: set this and " + EXECUTOR_AMOUNT + " to 1");
  }

  /** The number of an executor's only device. */
  static int only(String[] addresses) {
    ConfigException.require(
        addresses.length == 1,
        EXECUTOR_AMOUNT,
        addresses.length,
        "an executor computes on one GPU, since its tasks share one model; start more executors instead");
    try {
      return Integer.parseInt(addresses[0].strip());
    } catch (NumberFormatException e) {
      throw new ConfigException(
          "spark.executor.resource.gpu.discoveryScript",
          Arrays.toString(addresses),
          "it must give device numbers, as nvidia-smi lists them");
    }
  }
}
