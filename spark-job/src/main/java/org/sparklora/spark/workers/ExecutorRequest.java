package org.sparklora.spark.workers;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

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
    Optional<Integer> executors,
    Optional<Integer> slots,
    int slotsOfOne,
    boolean onDemand,
    String setting) {
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

  /** The request of an application that is not in local mode. */
  static ExecutorRequest of(SparkConf conf) {
    String master = text(conf, MASTER);
    ExecutorRequest fixed = asksForInstances(master) ? ofInstances(conf) : ofCores(conf);
    return text(conf, DYNAMIC).equalsIgnoreCase("true") ? onDemand(conf, master, fixed) : fixed;
  }

  private static boolean asksForInstances(String master) {
    return master.equals("yarn") || master.startsWith("k8s:");
  }

  private static ExecutorRequest ofInstances(SparkConf conf) {
    Optional<Integer> set = number(conf, INSTANCES);
    int instances = set.orElse(USUAL_INSTANCES);
    String origin = set.isPresent() ? "" : ", Spark's default";
    return known(instances, "%s = %s%s".formatted(INSTANCES, instances, origin));
  }

  /** Standalone clusters divide cores, by default into one executor per machine. */
  private static ExecutorRequest ofCores(SparkConf conf) {
    Matcher local = LOCAL_CLUSTER.matcher(text(conf, MASTER));
    Optional<Integer> cores = number(conf, MAX_CORES);
    Optional<Integer> each = number(conf, CORES);
    if (local.matches() && cores.isEmpty()) {
      int coresOfOne = Integer.parseInt(local.group(2));
      int ofMachine = each.map(count -> coresOfOne / count).orElse(1);
      return known(Integer.parseInt(local.group(1)) * ofMachine, text(conf, MASTER));
    }
    if (cores.isPresent() && each.isPresent()) {
      return known(
          cores.get() / each.get(),
          "%s = %s, %s = %s".formatted(MAX_CORES, cores.get(), CORES, each.get()));
    }
    int ofTask = number(conf, TASK_CPUS).orElse(1);
    Optional<Integer> slots = cores.map(count -> count / ofTask);
    return new ExecutorRequest(Optional.empty(), slots, 1, false, shown(MAX_CORES, cores));
  }

  /** The maximum of executors, or fewer if a standalone cluster's cores run out first. */
  private static ExecutorRequest onDemand(SparkConf conf, String master, ExecutorRequest fixed) {
    int ofCores = number(conf, CORES).orElse(1) / number(conf, TASK_CPUS).orElse(1);
    boolean hasGpus = !text(conf, TASK_GPUS).matches("0?"); // then one for each task
    int each = hasGpus ? 1 : Math.max(1, ofCores);
    Optional<Integer> most = number(conf, MAX_EXECUTORS);
    boolean coresRunOut =
        !asksForInstances(master)
            && fixed.executors.isPresent()
            && fixed.executors.get() < most.orElse(Integer.MAX_VALUE);
    Optional<Integer> executors = coresRunOut ? fixed.executors : most;
    Optional<Integer> slots = executors.map(count -> count * each);
    String setting = coresRunOut ? fixed.setting : shown(MAX_EXECUTORS, most);
    return new ExecutorRequest(executors, slots, each, true, setting);
  }

  private static ExecutorRequest known(int executors, String setting) {
    return new ExecutorRequest(Optional.of(executors), Optional.empty(), 1, false, setting);
  }

  private static String text(SparkConf conf, String key) {
    return conf.get(key, "").strip();
  }

  private static Optional<Integer> number(SparkConf conf, String key) {
    return Optional.of(text(conf, key))
        .filter(text -> text.matches("\\d{1,9}"))
        .map(Integer::valueOf);
  }

  private static String shown(String key, Optional<Integer> value) {
    return value.map(number -> key + " = " + number).orElse("no " + key);
  }
}
