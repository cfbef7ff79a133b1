package org.sparklora.spark.run;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.serializer.KryoSerializer;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.observe.estimate.MachineMemory;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.prep.TableConfig;
import org.sparklora.spark.dl4j.GpuPlugin;
import org.sparklora.spark.dl4j.LoraRegistrator;
import org.sparklora.spark.prep.PreparedTables;
import org.sparklora.spark.workers.ClusterLog;
import org.sparklora.spark.workers.ExecutorWorkers;
import org.sparklora.spark.workers.PlacedJob;
import org.sparklora.spark.workers.WorkerCount;
import org.sparklora.train.workers.Workers;

/** Opens the Spark session that a command runs in. */
public final class SparkSessions {
  /** Name of the class that spark-submit starts. */
  public static final String MAIN_CLASS = "org.sparklora.spark.cli.Main";

  private static final Logger LOG = LoggerFactory.getLogger(SparkSessions.class);
  private static final String MISSING_FILTER = "No filter named";
  private static final String MASTER = "spark.master";
  private static final String NAME = "spark.app.name";

  /** Spark 3.5 itself refuses unknown forms with a stack trace. */
  private static final Pattern MASTER_URL =
      Pattern.compile(
          "local(\\[(%1$s|\\*)(,%1$s)?])?|local-cluster\\[%1$s,%1$s,\\s*[1-9]\\d*\\s*]|yarn|spark://[^/,\\s]+:\\d+(,[^/,\\s]+:\\d+)*|(k8s|mesos)://.+"
              .formatted("\\s*[1-9]\\d{0,5}\\s*"));

  private static final String STANDALONE = "spark://";
  private static final int LOOK_MILLIS = 2_000;
  private static final String LOCAL_SHUFFLE_PARTITIONS = "16";
  private static final String HEARTBEAT = "spark.executor.heartbeatInterval";
  private static final String NETWORK_TIMEOUT = "spark.network.timeout";
  private static final String EXECUTOR_OPTIONS = "spark.executor.defaultJavaOptions";
  private static final String OVERHEAD = "spark.executor.memoryOverhead";
  private static final long MIN_OVERHEAD_MB = 384;

  private SparkSessions() {}

  /**
   * Opens the session of spark-submit or {@code --master}; otherwise a local one, without ports to
   * the outside.
   */
  public static SparkSession open(Settings settings) {
    Module jdk = Object.class.getModule();
    JvmOptions.requireOpen(name -> jdk.isOpen(name, SparkSessions.class.getModule()));
    SparkConf conf = new SparkConf();
    settings.find(Flags.MASTER).ifPresent(conf::setMaster);
    conf.setIfMissing(MASTER, "local[*]");
    name(conf, settings);
    if (conf.get(MASTER).startsWith("local")) {
      conf.setIfMissing("spark.ui.enabled", "false");
      conf.setIfMissing("spark.driver.bindAddress", "127.0.0.1");
      conf.setIfMissing("spark.driver.host", "127.0.0.1");
      // the usual 200 are for clusters; on one machine they are 200 times a task's overhead
      conf.setIfMissing("spark.sql.shuffle.partitions", LOCAL_SHUFFLE_PARTITIONS);
      quietHeartbeat(conf);
    }
    completeKryo(conf);
    completeExecutors(conf);
    // a task that waits for a slot near its data would hold up every other worker of the step
    conf.setIfMissing("spark.locality.wait", "0");
    // but a worker's part waits until the executor that has its model is offered
    conf.setIfMissing("spark.locality.wait.process", "10s");
    sendVectors(conf, settings.command());
    if (settings.find(Flags.DEAL_BY_SPEED).orElse(false)) {
      conf.set("spark.speculation", "true"); // its second attempt ends a round
    }
    return start(conf);
  }

  /**
   * Makes heartbeats rare in local mode, whose executor is this process. A heartbeat during a slow
   * start of Spark finds no block manager and logs stack traces, and a process that was suspended
   * for minutes would lose its executor.
   */
  static void quietHeartbeat(SparkConf conf) {
    if (!conf.contains(HEARTBEAT) && !conf.contains(NETWORK_TIMEOUT)) {
      conf.set(HEARTBEAT, "12h");
      conf.set(NETWORK_TIMEOUT, "48h");
    }
  }

  /** Sets how vectors are sent to executors and back, unless the user has set it. */
  static void sendVectors(SparkConf conf, String command) {
    if (conf.get(MASTER, "").matches("local(\\[.*)?")) {
      return; // executors are this process: nothing is sent
    }
    if (!List.of("prep", "curate").contains(command)) { // they shuffle text; floats do not compress
      conf.setIfMissing("spark.broadcast.compress", "false");
      conf.setIfMissing("spark.shuffle.compress", "false");
      // results are as large as the trained parameters, which fit the driver's memory
      conf.setIfMissing(ExecutorWorkers.MAX_RESULT_SIZE, "0");
    }
    if (!isKryo(conf)) { // with Kryo Spark would buffer each record on the heap, 2 GB at most
      // writes all shards to one file, not to a file each and then copies
      conf.setIfMissing("spark.shuffle.sort.bypassMergeThreshold", "0");
    }
    // vectors are allocated anew each round, and 4 KB pages take longer to allocate than to fill;
    // needs glibc 2.35 or newer
    conf.setIfMissing("spark.executorEnv.GLIBC_TUNABLES", "glibc.malloc.hugetlb=1");
  }

  /**
   * Starts Spark, a second time if the first start meets a race of Spark's own: in YARN's client
   * mode the application master registers while Spark adds handlers to its pages, and {@code
   * YarnSchedulerBackend.addWebUIFilter} changes the filters that Jetty just looks up.
   *
   * @param start throws Jetty's IllegalStateException "No filter named …" then
   */
  static <T> T startedAgain(Supplier<T> start) {
    try {
      return start.get();
    } catch (Exception e) { // Scala's exceptions are not declared
      String problem = String.valueOf(RootCause.of(e).getMessage());
      if (!problem.startsWith(MISSING_FILTER)) {
        throw e;
      }
      LOG.warn("Starting Spark again, since its pages met a race ({})", problem);
      return start.get();
    }
  }

  /**
   * Starts Spark, whose exceptions for an unusable setting are of any kind.
   *
   * @throws ConfigException if Spark does not start; a passing one if its cluster does not answer
   */
  private static SparkSession start(SparkConf conf) {
    String master = conf.get(MASTER);
    ConfigException.require(
        MASTER_URL.matcher(master).matches(),
        Flags.MASTER,
        master,
        "write local, local[4] or local[*], spark://HOST:PORT, yarn, or k8s://https://HOST:PORT");
    try {
      SparkSession session = startedAgain(() -> SparkSession.builder().config(conf).getOrCreate());
      session.conf().get("spark.sql.shuffle.partitions"); // checks the settings of spark.sql
      ClusterLog.of(session.sparkContext());
      Interruption.check();
      return session;
    } catch (Exception e) { // Scala's exceptions are not declared
      if (Interruption.isRequested()) {
        throw e;
      }
      Throwable cause = RootCause.of(e);
      String problem = cause.getMessage() == null ? cause.toString() : cause.getMessage();
      String remedy =
          "Spark does not start (%s); check --master, --conf and --properties-file"
              .formatted(RootCause.firstLine(problem, ""));
      throw isUnreachable(master, e)
          ? ConfigException.passing(Flags.MASTER, master, remedy)
          : new ConfigException(Flags.MASTER, master, remedy);
    }
  }

  /**
   * Whether the cluster does not answer, which may pass. Spark's exception does not tell this of a
   * standalone master: the session is stopped while it starts, and fails where it then is.
   */
  static boolean isUnreachable(String master, Throwable failure) {
    return RootCause.find(failure, ConnectException.class).isPresent()
        || master.startsWith(STANDALONE)
            && Stream.of(master.substring(STANDALONE.length()).split(","))
                .noneMatch(SparkSessions::answers);
  }

  private static boolean answers(String address) {
    int colon = address.lastIndexOf(':');
    try (Socket socket = new Socket()) {
      int port = Integer.parseInt(address.substring(colon + 1));
      socket.connect(new InetSocketAddress(address.substring(0, colon), port), LOOK_MILLIS);
      return true;
    } catch (IOException | IllegalArgumentException e) { // no machine has such a port
      return false;
    }
  }

  /** Cancels all jobs and silences Spark's log, to stop; returns whether there was a session. */
  public static boolean cancelJobs() {
    var session = SparkSession.getDefaultSession(); // an Option of Scala's
    if (session.isEmpty()) {
      return false;
    }
    try {
      session.get().sparkContext().setLogLevel("OFF");
      session.get().sparkContext().cancelAllJobs();
    } catch (IllegalStateException e) {
      // the command is stopping the session already
    }
    return true;
  }

  /** Names the application, which spark-submit otherwise names by its main class. */
  static void name(SparkConf conf, Settings settings) {
    if (!List.of("", MAIN_CLASS).contains(conf.get(NAME, ""))) {
      return;
    }
    String model = settings.find(Flags.MODEL_NAME_OR_PATH).orElse("");
    String last = model.replaceAll("/+$", "").replaceAll("^.*/", "");
    conf.set(NAME, "spark-lora %s %s".formatted(settings.command(), last).strip());
  }

  /** Registers our classes: Kryo alone can read back neither our records nor ND4J's arrays. */
  static void completeKryo(SparkConf conf) {
    if (isKryo(conf)) {
      append(conf, "spark.kryo.registrator", LoraRegistrator.class);
      // a bound, not an allocation; the usual 64 MB are less than a large adapter
      conf.setIfMissing("spark.kryoserializer.buffer.max", "2047m");
    }
  }

  /** Gives executors our options and plugin; a cluster's defaults may name others. */
  static void completeExecutors(SparkConf conf) {
    String ours = String.join(" ", JvmOptions.all());
    String given = conf.get(EXECUTOR_OPTIONS, "");
    if (!given.contains(ours)) { // bin/spark-lora sets them, too
      conf.set(EXECUTOR_OPTIONS, (ours + " " + given).strip()); // of equal options the last wins
    }
    append(conf, "spark.plugins", GpuPlugin.class);
  }

  /** Adds a class to those that a setting lists. */
  private static void append(SparkConf conf, String setting, Class<?> type) {
    String given = conf.get(setting, "");
    if (!List.of(given.split("\\s*,\\s*")).contains(type.getName())) {
      conf.set(setting, given.isEmpty() ? type.getName() : given + "," + type.getName());
    }
  }

  private static boolean isKryo(SparkConf conf) {
    return conf.get("spark.serializer", "").equals(KryoSerializer.class.getName());
  }

  /** The environment that trains on the executors of a session. */
  public static TrainingEnvironment place(SparkSession session) {
    JavaSparkContext spark = new JavaSparkContext(session.sparkContext());
    return new OfSession(session, spark, new PlacedJob(spark));
  }

  private record OfSession(SparkSession session, JavaSparkContext spark, PlacedJob places)
      implements TrainingEnvironment {
    @Override
    public Configuration hadoop() {
      return spark.hadoopConfiguration();
    }

    @Override
    public int count(Optional<Integer> requested) {
      return WorkerCount.workers(spark, requested, Flags.NUM_WORKERS);
    }

    @Override
    public Workers workers(int count) {
      return ExecutorWorkers.of(spark, count, places);
    }

    /** This machine's memory, or an executor's on a cluster. */
    @Override
    public MachineMemory memory() {
      if (spark.isLocal()) {
        return MachineMemory.here();
      }
      SparkConf conf = spark.getConf();
      long heap = conf.getSizeAsMb("spark.executor.memory", "1g");
      // Spark's own rule: a tenth by default, at least 384 MiB
      long usual =
          Math.max(MIN_OVERHEAD_MB, (long) (heap * conf.getDouble(OVERHEAD + "Factor", 0.1)));
      long overhead = conf.getSizeAsMb(OVERHEAD, usual + "m");
      return MachineMemory.ofExecutors((heap + overhead) << 20);
    }

    @Override
    public String table(TableConfig config) {
      return PreparedTables.open(session, config);
    }

    @Override
    public void requireDataset(TableConfig config) {
      PreparedTables.requireDataset(session, config);
    }

    @Override
    public void requireTestSplit(TableConfig testing, TableConfig training) {
      PreparedTables.requireTestSplit(hadoop(), testing, training);
    }

    @Override
    public void group(String run) {
      spark.setLocalProperty("spark.jobGroup.id", run); // setJobGroup removes the description
    }
  }
}
