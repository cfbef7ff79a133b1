package org.sparklora.spark.cli;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSCluster.DataNodeProperties;
import org.apache.hadoop.hdfs.server.datanode.DataNode;

/**
 * A main: an HDFS of a few data nodes as a process of its own, for the checks of {@code ci}. Prints
 * its address, then answers each command of standard input with one line, {@code ok …} or {@code
 * failed …}, until there are no more.
 *
 * <pre>
 * kill N        stops data node N, when no block has fewer copies than it should
 * restart N     starts it again
 * exists PATH   ok true or ok false
 * lines PATH    ok and how many there are; 0 where there is no such file
 * put FROM TO   copies a file or folder of the local disk
 * get FROM TO   copies one to the local disk
 * delete PATH
 * </pre>
 *
 * <p>Arguments: a local folder, and the number of data nodes.
 */
public final class HdfsProcess {
  private static final long PATIENCE_MILLIS = 60_000;

  private final MiniDFSCluster cluster;
  private final FileSystem hdfs;
  private final List<String> nodes;
  private final Map<String, DataNodeProperties> stopped = new HashMap<>();

  private HdfsProcess(MiniDFSCluster cluster) throws IOException {
    this.cluster = cluster;
    this.hdfs = cluster.getFileSystem();
    this.nodes =
        cluster.getDataNodes().stream()
            .map(DataNode::getDatanodeId)
            .map(id -> id.getXferAddr())
            .toList();
  }

  public static void main(String[] arguments) throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, arguments[0]);
    configuration.set("dfs.replication", "2");
    // a node that is gone is missed after 14 seconds, not after ten minutes
    configuration.set("dfs.heartbeat.interval", "1");
    configuration.set("dfs.namenode.heartbeat.recheck-interval", "2000");
    configuration.set("dfs.namenode.redundancy.interval.seconds", "1");
    MiniDFSCluster cluster =
        new MiniDFSCluster.Builder(configuration)
            .numDataNodes(Integer.parseInt(arguments[1]))
            .build();
    cluster.waitActive();
    new HdfsProcess(cluster).obey();
    cluster.shutdown(true);
  }

  private void obey() throws IOException {
    System.out.println(hdfs.getUri());
    var commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = commands.readLine(); line != null; line = commands.readLine()) {
      String answer;
      try {
        answer = "ok " + answer(line.split(" "));
      } catch (Exception e) {
        answer = "failed " + e.toString().lines().findFirst().orElse("");
      }
      System.out.println(answer);
    }
  }

  private String answer(String[] words) throws Exception {
    return switch (words[0]) {
      case "kill" -> kill(node(words[1]));
      case "restart" -> restart(node(words[1]));
      case "exists" -> Boolean.toString(hdfs.exists(new Path(words[1])));
      case "lines" -> Long.toString(lines(new Path(words[1])));
      case "get" ->
          Boolean.toString(
              FileUtil.copy(
                  hdfs, new Path(words[1]), new File(words[2]), false, new Configuration()));
      case "put" ->
          Boolean.toString(
              FileUtil.copy(
                  new File(words[1]), hdfs, new Path(words[2]), false, new Configuration()));
      case "delete" -> Boolean.toString(hdfs.delete(new Path(words[1]), true));
      default -> throw new IllegalArgumentException("no command " + Arrays.toString(words));
    };
  }

  private String node(String number) {
    return nodes.get(Integer.parseInt(number));
  }

  /**
   * Of two copies one stays, so no two nodes may go before the copies of the first are made again.
   */
  private String kill(String node) throws InterruptedException {
    long ends = System.currentTimeMillis() + PATIENCE_MILLIS;
    while (!stopped.isEmpty() || blocksLackingCopies() > 0) {
      if (System.currentTimeMillis() > ends) {
        throw new IllegalStateException(
            "%d blocks lack copies and %s are stopped"
                .formatted(blocksLackingCopies(), stopped.keySet()));
      }
      Thread.sleep(100);
    }
    stopped.put(node, cluster.stopDataNode(node));
    return node;
  }

  private long blocksLackingCopies() {
    return cluster.getNamesystem().getLowRedundancyBlocks()
        + cluster.getNamesystem().getPendingReconstructionBlocks();
  }

  private String restart(String node) throws IOException {
    if (!cluster.restartDataNode(stopped.get(node), true)) {
      throw new IOException("it did not start");
    }
    stopped.remove(node);
    cluster.waitActive();
    return node;
  }

  private long lines(Path file) throws IOException {
    if (!hdfs.exists(file)) {
      return 0;
    }
    try (var in = hdfs.open(file)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).lines().count();
    }
  }
}
