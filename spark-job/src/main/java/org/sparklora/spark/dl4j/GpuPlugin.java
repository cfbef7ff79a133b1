package org.sparklora.spark.dl4j;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;
import org.apache.spark.api.plugin.SparkPlugin;
import org.apache.spark.resource.ResourceInformation;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.engine.hardware.OpenBlasKernels;
import org.sparklora.pipeline.run.NativeCache;
import org.sparklora.pipeline.run.ScratchPlace;

/**
 * Chooses an executor's GPU when the executor starts. A task would be too late: it deserialises
 * arrays, which starts ND4J, before its code runs. Without GPUs among Spark's resources the plugin
 * only sets up local folders and CPU libraries.
 */
public final class GpuPlugin implements SparkPlugin {
  @Override
  public DriverPlugin driverPlugin() {
    return new DriverPlugin() {
      @Override
      public Map<String, String> init(SparkContext spark, PluginContext context) {
        takeScratch(context);
        GpuAddress.checkAmount(context.conf().get(GpuAddress.TASK_AMOUNT, "1"));
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
          Engines.useDevice(GpuAddress.only(gpus.addresses()));
        }
      }
    };
  }
}
