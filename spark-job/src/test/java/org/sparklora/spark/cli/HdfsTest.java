package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.BlockLocation;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FileUtil;
import org.apache.hadoop.hdfs.MiniDFSCluster;
import org.apache.hadoop.hdfs.MiniDFSCluster.DataNodeProperties;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.train.TestModels;

/** Dataset, packed table, model and results on an HDFS of three data nodes, two copies of each. */
class HdfsTest {
  private static final int DATA_NODES = 3;
  private static final long PATIENCE_SECONDS = 120;

  @TempDir private static Path folder;
  private static MiniDFSCluster cluster;
  private static FileSystem hdfs;
  private static SparkSession spark;

  /** The undisturbed run on the local disk. */
  private static SftRun local;

  @BeforeAll
  static void startClusterAndRunLocally() throws IOException {
    Configuration configuration = new Configuration();
    configuration.set(MiniDFSCluster.HDFS_MINIDFS_BASEDIR, folder.resolve("dfs").toString());
    configuration.set("dfs.replication", "2");
    cluster = new MiniDFSCluster.Builder(configuration).numDataNodes(DATA_NODES).build();
    cluster.waitActive();
    hdfs = cluster.getFileSystem();
    spark =
        TestSpark.builder(2)
            .config("spark.hadoop.dfs.replication", "2")
            .config("spark.hadoop.fs.defaultFS", hdfs.getUri().toString())
            .getOrCreate();
    Path model = TestModels.copy("llama-tiny", folder);
    local =
        SftRun.tiny(model, folder.resolve("local"), "--use_peft", "--lora_r", "4")
            .with(
                "--dataset_name",
                Path.of("src/test/resources/sft/ragged_2epochs/dataset.jsonl").toUri().toString())
            .with("--packed_dir", folder.resolve("packed").toUri().toString())
            .with("--lora_dropout", "0.1", "--num_workers", "2", "--save_steps", "4");
    train(local, folder.resolve("local").toUri().toString());
    put(model, "/models/llama-tiny");
    put(Path.of("src/test/resources/sft/ragged_2epochs/dataset.jsonl"), "/data/rows.jsonl");
  }

  @AfterAll
  static void stop() {
    spark.close();
    cluster.shutdown(true);
  }

  private static void put(Path from, String to) throws IOException {
    hdfs.copyFromLocalFile(
        new org.apache.hadoop.fs.Path(from.toUri()), new org.apache.hadoop.fs.Path(to));
  }

  private static String uri(String path) {
    return hdfs.getUri() + path;
  }

  private static void train(SftRun run, String output, String... more) throws IOException {
    List<String> arguments = new ArrayList<>(run.flags());
    arguments.addAll(List.of("--output_dir", output));
    arguments.addAll(List.of(more));
    SftRun.train(spark, arguments);
  }

  /** The local run with everything on HDFS; each has a packed table and a stage of its own. */
  private static SftRun onHdfs(String name) {
    return local
        .into(folder.resolve("copy-of-" + name))
        .with("--model_name_or_path", uri("/models/llama-tiny"))
        .with("--dataset_name", uri("/data/rows.jsonl"))
        .with("--packed_dir", uri("/packed/" + name))
        .with("--staging_dir", folder.resolve("staging-" + name).toString());
  }

  /** Results and checkpoints are the local run's; fetched to where {@code run} looks for them. */
  private static void assertSameAsLocal(SftRun run, String name) throws IOException {
    FileUtil.copy(
        hdfs,
        new org.apache.hadoop.fs.Path("/runs/" + name),
        run.output().toFile(),
        false,
        new Configuration());
    assertThat(run.names()).isEqualTo(local.names());
    assertThat(run.history()).isEqualTo(local.history());
    assertThat(run.metrics()).isEqualTo(local.metrics());
    assertThat(run.weights()).isEqualTo(local.weights());
    for (String file :
        List.of(
            "tokenizer.json",
            "checkpoint-4/adapter_model.safetensors",
            "checkpoint-10/optimizer.safetensors")) {
      assertThat(run.file(file)).as(file).isEqualTo(local.file(file));
    }
  }

  @Test
  void aRunOnHdfsIsTheRunOnTheLocalDisk() throws IOException {
    SftRun run = onHdfs("whole");
    train(run, uri("/runs/whole"));

    assertSameAsLocal(run, "whole");
    for (String part : LoggedRun.names(folder.resolve("packed"))) {
      if (part.endsWith(".parquet")) {
        assertThat(read("/packed/whole/" + part))
            .isEqualTo(Files.readAllBytes(folder.resolve("packed").resolve(part)));
      }
    }
  }

  private static byte[] read(String path) throws IOException {
    try (var in = hdfs.open(new org.apache.hadoop.fs.Path(path))) {
      return in.readAllBytes();
    }
  }

  @Test
  void aRunGoesOnFromACheckpointOnHdfs() throws IOException {
    SftRun run = onHdfs("resumed");
    var checkpoint = new org.apache.hadoop.fs.Path("/runs/resumed/checkpoint-4");
    put(local.output().resolve("checkpoint-4"), checkpoint.toString());
    long put = hdfs.getFileStatus(checkpoint).getModificationTime();
    train(run, uri("/runs/resumed"), "--resume_from_checkpoint", "true");

    assertThat(hdfs.getFileStatus(checkpoint).getModificationTime())
        .as("a run from the beginning would have written it again")
        .isEqualTo(put);
    assertSameAsLocal(run, "resumed");
  }

  @Test
  void adaptersOfHdfsAreTrainedOn() throws IOException {
    put(local.output().resolve("checkpoint-4"), "/adapters/four");
    SftRun fromLocal =
        local
            .into(folder.resolve("from-local"))
            .with("--adapter_name_or_path", local.output() + "/checkpoint-4");
    train(fromLocal, fromLocal.output().toUri().toString());
    SftRun fromHdfs =
        onHdfs("adapter")
            .into(folder.resolve("from-hdfs"))
            .with("--adapter_name_or_path", uri("/adapters/four"));
    train(fromHdfs, fromHdfs.output().toUri().toString());

    assertThat(fromHdfs.weights()).isEqualTo(fromLocal.weights()).isNotEqualTo(local.weights());
  }

  @Test
  void aDataNodeThatDiesChangesNothing() throws Exception {
    SftRun run = onHdfs("failing");
    var log = new org.apache.hadoop.fs.Path("/runs/failing/metrics.jsonl");
    var checkpoint = new org.apache.hadoop.fs.Path("/runs/failing/checkpoint-4");
    CompletableFuture<Void> training =
        CompletableFuture.runAsync(
            () -> {
              try {
                train(run, uri("/runs/failing"));
              } catch (IOException e) {
                throw new UncheckedIOException(e);
              }
            });
    while (!hdfs.exists(checkpoint) && !training.isDone()) {
      Thread.sleep(5);
    }
    BlockLocation[] written = hdfs.getFileBlockLocations(log, 0, Long.MAX_VALUE);
    DataNodeProperties dead = cluster.stopDataNode(written[0].getNames()[0]);
    assertThat(training.isDone()).as("the node died before the run ended").isFalse();
    training.get(PATIENCE_SECONDS, TimeUnit.SECONDS);

    assertSameAsLocal(run, "failing");
    assertThat(cluster.restartDataNode(dead)).isTrue(); // for the tests that follow
  }
}
