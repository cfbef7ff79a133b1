package org.sparklora.spark.workers;

import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The executors that an application requests from its cluster, as far as its settings tell.
 *
 * @param executors number of executors; empty if no setting gives it
 * @param slots tasks that all executors run at once; empty if no setting gives it
 * @param slotsOfOne tasks that an executor runs at once, as Spark assumes when it requests one
 * @param onDemand whether Spark requests executors only while tasks wait (dynamic allocation)
 * @param setting the Spark setting that decides, for messages
 */
record ExecutorRequest(
    OptionalInt executors, OptionalInt slots, int slotsOfOne, boolean onDemand, String setting) {
  private static final Pattern LOCAL_CLUSTER =
      Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,\\s*(\\d+)\\s*,\\s*\\d+\\s*]");

  private static final String MASTER = "spark.master";
  private static final String INSTANCES = "spark.executor.instances";
  private static final String CORES = "spark.executor.cores";
  private static final String MAX_CORES = "spark.cores.max";
  private static final String TASK_CPUS = "spark.task.cpus";
  private static final String TASK_GPUS = "spark.task.resource.gpu.amount";
  private static final String DYNAMIC = "spark.dynamicAllocation.enabled";
  private static final String MAX_EXECUTORS = "spark.dynamicAllocation.maxExecutors";

  /** Spark's default of {@link #INSTANCES} on YARN and Kubernetes. */
  private static final int USUAL_INSTANCES = 2;

  /** The request of an application that is not in local mode, from Spark's settings by name. */
  static ExecutorRequest of(Function<String, Optional<String>> settings) {
    Settings conf = new Settings(settings);
    String master = conf.text(MASTER);
    ExecutorRequest fixed = asksForInstances(master) ? ofInstances(conf) : ofCores(conf);
    return conf.text(DYNAMIC).equalsIgnoreCase("true") ? onDemand(conf, master, fixed) : fixed;
  }

  private static boolean asksForInstances(String master) {
    return master.equals("yarn") || master.startsWith("k8s:");
  }

  private static ExecutorRequest ofInstances(Settings conf) {
    OptionalInt set = conf.number(INSTANCES);
    int instances = set.orElse(USUAL_INSTANCES);
    String origin = set.isPresent() ? "" : ", Spark's default";
    return known(instances, "%s = %s%s".formatted(INSTANCES, instances, origin));
  }

  /** Standalone clusters divide cores, by default into one executor per machine. */
  private static ExecutorRequest ofCores(Settings conf) {
    Matcher local = LOCAL_CLUSTER.matcher(conf.text(MASTER));
    OptionalInt cores = conf.number(MAX_CORES);
    OptionalInt each = conf.number(CORES);
    if (local.matches() && cores.isEmpty()) {
      int coresOfOne = Integer.parseInt(local.group(2));
      int ofMachine = each.isPresent() ? coresOfOne / each.getAsInt() : 1;
      return known(Integer.parseInt(local.group(1)) * ofMachine, conf.text(MASTER));
    }
    if (cores.isPresent() && each.isPresent()) {
      return known(
          cores.getAsInt() / each.getAsInt(),
          "%s = %s, %s = %s".formatted(MAX_CORES, cores.getAsInt(), CORES, each.getAsInt()));
    }
    int ofTask = conf.number(TASK_CPUS).orElse(1);
    OptionalInt slots = cores.isPresent() ? OptionalInt.of(cores.getAsInt() / ofTask) : cores;
    String setting = cores.isPresent() ? MAX_CORES + " = " + cores.getAsInt() : "no " + MAX_CORES;
    return new ExecutorRequest(OptionalInt.empty(), slots, 1, false, setting);
  }

  /** The maximum of executors, or fewer if a standalone cluster's cores run out first. */
  private static ExecutorRequest onDemand(Settings conf, String master, ExecutorRequest fixed) {
    int ofCores = conf.number(CORES).orElse(1) / conf.number(TASK_CPUS).orElse(1);
    int each = conf.text(TASK_GPUS).matches("0?") ? Math.max(1, ofCores) : 1; // each task has a GPU
    OptionalInt most = conf.number(MAX_EXECUTORS);
    boolean coresRunOut =
        !asksForInstances(master)
            && fixed.executors.isPresent()
            && fixed.executors.getAsInt() < most.orElse(Integer.MAX_VALUE);
    OptionalInt executors = coresRunOut ? fixed.executors : most;
    OptionalInt slots =
        executors.isPresent() ? OptionalInt.of(executors.getAsInt() * each) : OptionalInt.empty();
    String ofMost =
        most.isPresent() ? MAX_EXECUTORS + " = " + most.getAsInt() : "no " + MAX_EXECUTORS;
    String setting = coresRunOut ? fixed.setting : ofMost;
    return new ExecutorRequest(executors, slots, each, true, setting);
  }

  private static ExecutorRequest known(int executors, String setting) {
    return new ExecutorRequest(OptionalInt.of(executors), OptionalInt.empty(), 1, false, setting);
  }

  /** Spark's settings; an unset one reads as the empty text. */
  private record Settings(Function<String, Optional<String>> values) {
    String text(String key) {
      return values.apply(key).orElse("").strip();
    }

    OptionalInt number(String key) {
      String text = text(key);
      return text.matches("\\d{1,9}")
          ? OptionalInt.of(Integer.parseInt(text))
          : OptionalInt.empty();
    }
  }
}
