package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Dataset, packed table, model and results of executors that are JVMs of their own on an HDFS of
 * three data nodes, two copies of each: what comes back is what a run on the local disk gives.
 */
class HdfsClusterIT {
  private static final int DATA_NODES = 3;
  private static final LocalCluster CLUSTER =
      LocalCluster.of(2, 1, 1024).with("spark.hadoop.dfs.replication", "2");

  @TempDir private static Path folder;
  private static MiniDFSCluster hdfs;
  private static FileSystem files;

  /** Packed table and results lie side by side, in {@code output} once they are copied back. */
  private record Sft(Path output, List<String> flags) implements LoggedRun {
    /**
     * @param from a folder or URI with model and rows
     * @param to another, for the results
     */
    Sft(String name, Object from, Object to) {
      this(
          folder.resolve(name),
          CommandRun.words(
              """
              --config %s --max_steps 8 --save_steps 2 --logging_steps 1 --num_workers 2
              --model_name_or_path %s/base --dataset_name %s/gsm8k_heldout.jsonl.gz
              --packed_dir %s/packed --output_dir %s/out --staging_dir %s
              """,
              LocalCluster.QUICKSTART.resolve("sft.yaml"),
              from,
              from,
              to,
              to,
              folder.resolve("staging")));
    }

    @Override
    public List<String> arguments() {
      return flags;
    }
  }

  @BeforeAll
  static void startHdfs() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("dfs").toString());
    configuration.set("dfs.replication", "2");
    hdfs = new MiniDFSCluster.Builder(configuration).numDataNodes(DATA_NODES).build();
    hdfs.waitActive();
    files = hdfs.getFileSystem();
    for (String name : List.of("base", "gsm8k_heldout.jsonl.gz")) {
      URI local = LocalCluster.QUICKSTART.resolve(name).toUri();
      files.copyFromLocalFile(new org.apache.hadoop.fs.Path(local), onHdfs("/quickstart/" + name));
    }
  }

  @AfterAll
  static void stopHdfs() {
    hdfs.shutdown(true);
  }

  private static org.apache.hadoop.fs.Path onHdfs(String path) {
    return new org.apache.hadoop.fs.Path(hdfs.getURI() + path);
  }

  @Test
  void resultsOnHdfsOutliveADataNode() throws Exception {
    Sft local = new Sft("local", LocalCluster.QUICKSTART, folder.resolve("local"));
    CLUSTER.run("sft", local);
    Sft disturbed = new Sft("disturbed", onHdfs("/quickstart"), onHdfs("/disturbed"));
    CLUSTER.run(
        "sft",
        disturbed,
        driver -> {
          driver.await(
              "Must write a checkpoint",
              () -> files.exists(onHdfs("/disturbed/out/checkpoint-2")),
              LocalCluster.PATIENCE_SECONDS);
          stopANodeThatHolds(onHdfs("/disturbed/out/metrics.jsonl"));
          assertThat(files.exists(onHdfs("/disturbed/out/checkpoint-8"))).isFalse();
        });
    FileUtil.copy(
        files, onHdfs("/disturbed"), disturbed.output().toFile(), false, new Configuration());

    SameRun.assertSame(disturbed.output(), local.output());
  }

  private static void stopANodeThatHolds(org.apache.hadoop.fs.Path file) throws IOException {
    String node = files.getFileBlockLocations(file, 0, Long.MAX_VALUE)[0].getNames()[0];
    assertThat(hdfs.stopDataNode(node)).isNotNull();
  }
}
