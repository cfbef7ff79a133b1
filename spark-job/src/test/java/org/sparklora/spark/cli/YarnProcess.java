package org.sparklora.spark.cli;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.yarn.conf.YarnConfiguration;
import org.apache.hadoop.yarn.server.MiniYARNCluster;

/**
 * A main: a resource manager and node managers as a process of their own, for the checks of {@code
 * ci}. Containers are processes, as on a cluster, and a node manager ends one that takes more
 * memory than it was given. Prints the folder that {@code HADOOP_CONF_DIR} has to name, then runs
 * until it is killed.
 *
 * <p>Arguments: a local folder; the number of node managers; the address of the default file
 * system.
 */
public final class YarnProcess {
  private static final int NODE_MEBIBYTES = 4096;
  private static final int NODE_CORES = 4;

  private YarnProcess() {}

  public static void main(String[] arguments) throws IOException, InterruptedException {
    Path folder = Path.of(arguments[0]);
    System.setProperty("test.build.data", folder.resolve("nodes").toString());
    Configuration configuration = configuration(folder, arguments[2]);
    MiniYARNCluster cluster = new MiniYARNCluster("yarn", 1, Integer.parseInt(arguments[1]), 1, 1);
    cluster.init(configuration);
    cluster.start();
    Runtime.getRuntime().addShutdownHook(new Thread(cluster::stop)); // ends what containers run
    Path written = Files.createDirectories(folder.resolve("conf"));
    write(cluster.getConfig(), written.resolve("yarn-site.xml"));
    Configuration core = new Configuration(false);
    core.set("fs.defaultFS", arguments[2]);
    write(core, written.resolve("core-site.xml"));
    System.out.println(written);
    new CountDownLatch(1).await();
  }

  private static Configuration configuration(Path folder, String fileSystem) {
    Configuration configuration = new YarnConfiguration();
    configuration.set("fs.defaultFS", fileSystem);
    configuration.set("hadoop.tmp.dir", folder.resolve("tmp").toString());
    configuration.setInt(YarnConfiguration.NM_PMEM_MB, NODE_MEBIBYTES);
    configuration.setInt(YarnConfiguration.NM_VCORES, NODE_CORES);
    configuration.setInt(YarnConfiguration.RM_SCHEDULER_MINIMUM_ALLOCATION_MB, 64);
    configuration.setBoolean(YarnConfiguration.NM_PMEM_CHECK_ENABLED, true);
    // a JVM reserves many times the addresses that it uses
    configuration.setBoolean(YarnConfiguration.NM_VMEM_CHECK_ENABLED, false);
    // else a node without a tenth of its disk free takes no container
    configuration.setFloat(YarnConfiguration.NM_MAX_PER_DISK_UTILIZATION_PERCENTAGE, 100f);
    // one application master may take all of the queue that others do not use
    configuration.set("yarn.scheduler.capacity.root.queues", "default");
    configuration.set("yarn.scheduler.capacity.root.default.capacity", "100");
    configuration.set("yarn.scheduler.capacity.maximum-am-resource-percent", "1.0");
    // Spark brings Hadoop's classes
    configuration.set(YarnConfiguration.YARN_APPLICATION_CLASSPATH, "");
    return configuration;
  }

  private static void write(Configuration configuration, Path file) throws IOException {
    try (OutputStream out = Files.newOutputStream(file)) {
      configuration.writeXml(out);
    }
  }
}
