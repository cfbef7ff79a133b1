package org.sparklora.spark.dl4j;

import java.util.List;
import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.resource.ResourceInformation;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.hardware.OpenBlasKernels;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.NativeCache;
import org.sparklora.pipeline.run.ScratchPlace;

/**
 * Chooses an executor's GPU when the executor starts. A task would be too late: it deserialises
 * arrays, which starts ND4J, before its code runs. Without GPUs among Spark's resources the plugin
 * only sets up local folders and CPU libraries.
 *
 * <p>An executor and its single task must have one whole device; other settings are refused.
 */
public final class GpuPlugin implements SparkPlugin {
  private static final String TASK_AMOUNT = "spark.task.resource.gpu.amount";
  private static final String EXECUTOR_AMOUNT = "spark.executor.resource.gpu.amount";

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public Map<String, String> init(SparkContext spark, PluginContext context) {
        takeScratch(context);
        for (String setting : List.of(TASK_AMOUNT, EXECUTOR_AMOUNT)) {
          checkAmount(setting, context.conf().get(setting, "1"));
        }
        return Map.of();
      }
    };
  }

  /** Places this process's scratch files in {@code spark.local.dir}, beside Spark's blocks. */
  private static void takeScratch(PluginContext context) {
    ScratchPlace.ofSession(context.conf().get("spark.local.dir", ""));
    ScratchPlace.require();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorPlugin() {
      @Override
      public void init(PluginContext context, Map<String, String> extra) {
        takeScratch(context);
        NativeCache.secure();
        OpenBlasKernels.choose();
        ResourceInformation gpus = context.resources().get("gpu");
        if (gpus != null) {
          Engines.useDevice(only(gpus.addresses()));
        }
      }
    };
  }

  /** Refuses a fraction of a GPU, and several GPUs. */
  static void checkAmount(String setting, String amount) {
    ConfigException.require(
        List.of(0.0, 1.0).contains(Double.valueOf(amount)), // 0 is none
        setting,
        amount,
        "a step uses one GPU, and all of it: set %s and %s to 1, and start an executor for each GPU"
            .formatted(EXECUTOR_AMOUNT, TASK_AMOUNT));
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
          List.of(addresses),
          "it must give device numbers, as nvidia-smi lists them");
    }
  }
}
