package org.sparklora.pipeline.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FilterFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.pipeline.config.ConfigException;

/** Runs whose folder is in a store of objects, see {@link StoreOfObjects}. */
@ExtendWith(QuickHeartbeat.class)
class ObjectStoreTest {
  private static final Configuration HADOOP = StoreOfObjects.configuration();

  @TempDir Path temporary;
  private Path out;
  private org.apache.hadoop.fs.Path name;
  private FileSystem store;

  @BeforeEach
  void name() throws IOException {
    out = temporary.resolve("out");
    name = StoreOfObjects.name(out);
    store = name.getFileSystem(HADOOP);
  }

  private RunFolder open() {
    return RunFolder.open(HADOOP, name.toString(), false, Optional.of(RunFolder.LATEST));
  }

  private static RunFolder.Writer file() {
    return local -> Files.writeString(local.resolve("file"), "text");
  }

  private List<Path> claims() throws IOException {
    try (Stream<Path> files = Files.list(out)) {
      return files.filter(file -> file.getFileName().toString().startsWith(".run.lock")).toList();
    }
  }

  private static void age(Path file, Duration age) throws IOException {
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().minus(age)));
  }

  /** A claim of another machine's run. */
  private Path claim(String id, String... replaces) throws IOException {
    Path file = Files.createDirectories(out).resolve(".run.lock-" + id);
    return Files.writeString(
        file,
        "{\"host\":\"elsewhere\",\"pid\":7,\"process\":\"\",\"since\":\"2026-01-01T00:00:00Z\",\"id\":\"%s\",\"replaces\":[%s]}"
            .formatted(
                id, replaces.length == 0 ? "" : "\"" + String.join("\",\"", replaces) + "\""));
  }

  private static String id(Path claim) {
    return claim.getFileName().toString().substring(".run.lock-".length());
  }

  @Test
  void aLivingRunRenewsItsClaimWhereTimesCannotBeSet() throws IOException {
    Files.createDirectories(out);
    try (RunLock lock = RunLock.acquire(store, name)) {
      Path claim = claims().get(0);
      age(claim, Duration.ofHours(1));
      lock.beat();
      assertThat(Files.getLastModifiedTime(claim).toInstant())
          .isAfter(Instant.now().minus(Duration.ofMinutes(1)));
      assertThat(lock.isHeld()).isTrue();
    }
    assertThat(claims()).isEmpty();
  }

  @Test
  void aSecondRunIsRefusedAndTheFirstGoesOn() throws IOException {
    try (RunFolder run = open()) {
      assertThatThrownBy(this::open)
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid());
      run.saveCheckpoint(1, file());
    }
    assertThat(out.resolve("checkpoint-1/file")).exists();
    assertThat(claims()).isEmpty();
  }

  @Test
  void theClaimOfAnotherMachineHoldsAsLongAsItIsRenewed() throws IOException {
    Path claim = claim("0");
    ScheduledExecutorService heart = QuickHeartbeat.beating(claim, Duration.ofHours(1));
    assertThatThrownBy(this::open).hasMessageContaining("process 7 on elsewhere");
    assertThat(claims()).containsExactly(claim);

    heart.shutdownNow();
    open().close();
    assertThat(claim).doesNotExist();
  }

  @Test
  void ofRunsThatBeginAtOnceOneHolds() throws Exception {
    Files.createDirectories(out);
    int runs = 8;
    ExecutorService threads = Executors.newFixedThreadPool(runs);
    List<RunLock> holders = new ArrayList<>();
    List<Callable<RunLock>> begins =
        IntStream.range(0, runs)
            .<Callable<RunLock>>mapToObj(run -> () -> RunLock.acquire(store, name))
            .toList();
    for (Future<RunLock> begun : threads.invokeAll(begins)) {
      try {
        holders.add(begun.get());
      } catch (ExecutionException e) {
        assertThat(e.getCause()).isInstanceOf(ConfigException.class);
      }
    }
    threads.shutdown();
    assertThat(holders).hasSize(1);
    holders.get(0).requireHeld();
    holders.get(0).close();
    assertThat(claims()).isEmpty();
  }

  @Test
  void aRunThatWasGivenUpWritesNothingMoreAlthoughItsLastSignArrivesLate() throws IOException {
    try (RunFolder run = open()) {
      run.saveCheckpoint(1, file());
      Path mine = claims().get(0);
      byte[] sign = Files.readAllBytes(mine);
      Files.delete(mine);
      claim("successor", id(mine));
      Files.write(mine, sign); // was on its way when the claim was removed

      assertThatThrownBy(() -> run.saveCheckpoint(2, file()))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("process 7 on elsewhere took it over");
    }
    assertThat(out.resolve("checkpoint-2")).doesNotExist();
    assertThat(claims()).extracting(ObjectStoreTest::id).containsExactly("successor");
  }

  @Test
  void aRunThatTookOverIsNotDisturbedByTheOtherOnesLastSign() throws IOException {
    Path dead = claim("dead");
    byte[] sign = Files.readAllBytes(dead);
    age(dead, Duration.ofMinutes(6));
    try (RunFolder run = open()) {
      Files.write(dead, sign);
      run.saveCheckpoint(1, file());
    }
    assertThat(claims()).as("the dead run's is not left, as if it held the folder").isEmpty();
    assertThat(out.resolve("checkpoint-1/file")).exists();
  }

  @Test
  void aClaimThatWasRemovedIsSaidToBe() throws IOException {
    try (RunFolder run = open()) {
      Files.delete(claims().get(0));
      assertThatThrownBy(() -> run.saveCheckpoint(1, file()))
          .hasMessageContaining("claim")
          .hasMessageContaining("was removed");
    }
  }

  @Test
  void aResultOnItsWayIsNotSweptWhileItsRunLives() throws Exception {
    String target = StoreOfObjects.name(temporary.resolve("table")).toString();
    try (OutputFolder first = OutputFolder.create(HADOOP, target, true);
        OutputFolder second = OutputFolder.create(HADOOP, target, true)) {
      assertThat(store.exists(first.work())).isTrue();
      second.commit();
    }
  }

  private static RunFolder.Writer files(String text, String... names) {
    return local -> write(local, text, names);
  }

  private static void write(Path folder, String text, String... names) throws IOException {
    for (String file : names) {
      Files.createDirectories(folder.resolve(file).getParent());
      Files.writeString(folder.resolve(file), text);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  /** Two files are copied and then deleted. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void aCheckpointInWhoseRenameARunDiesIsCompletedByTheNext(int touched) throws IOException {
    try (RunFolder run = open()) {
      run.saveCheckpoint(1, file());
      StoreOfObjects.dieAfter(touched);
      assertThatThrownBy(() -> run.saveCheckpoint(2, files("2", "a", "b"))).hasMessage("killed");
    }
    assertThat(RunFolder.checkpoints(HADOOP, name.toString()))
        .as("not yet complete")
        .extracting(org.apache.hadoop.fs.Path::getName)
        .containsExactly("checkpoint-1");
    try (RunFolder run = open()) {
      assertThat(run.resumed().orElseThrow().getName()).isEqualTo("checkpoint-2");
      assertThat(out.resolve("checkpoint-2/a")).hasContent("2");
      assertThat(out.resolve("checkpoint-2/b")).hasContent("2");
      StoreOfObjects.dieAfter(touched);
      assertThatThrownBy(() -> run.deleteCheckpoint(2)).hasMessage("killed");
    }
    try (RunFolder run = open()) {
      assertThat(run.checkpoints()).containsExactly(1);
    }
    assertThat(names(out)).containsExactly("checkpoint-1");
  }

  /** Three files, with the list of removed ones, are copied and then deleted; then b's folder. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void resultsInWhoseRenameARunDiesAreCompletedByTheNext(int touched) throws IOException {
    try (RunFolder run = open()) {
      run.saveCheckpoint(1, file());
      StoreOfObjects.dieAfter(touched);
      assertThatThrownBy(() -> run.saveResults(files("new", "a", "templates/b")))
          .hasMessage("killed");
    }
    open().close();
    assertThat(names(out)).containsExactly("a", "checkpoint-1", "templates");
    assertThat(out.resolve("a")).hasContent("new");
    assertThat(out.resolve("templates/b")).hasContent("new");
  }

  /** Two old files are copied and deleted, and then two new ones. */
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5, 6, 7})
  void aTableInWhoseRenameARunDiesIsTheOldOrTheNewOne(int touched) throws IOException {
    Path table = temporary.resolve("table");
    write(table, "old", "_files.json", "part-00000.parquet");
    org.apache.hadoop.fs.Path target = StoreOfObjects.name(table);
    try (OutputFolder output = OutputFolder.create(HADOOP, target.toString(), true)) {
      Path work = Path.of(output.work().toUri().getPath());
      write(work, "new", "part-00000.parquet", "part-00001.parquet");
      StoreOfObjects.dieAfter(touched);
      assertThatThrownBy(() -> output.commit()).hasMessage("killed");
    }
    OutputFolder.tidy(HADOOP, target);
    List<String> expected =
        touched < 4
            ? List.of("_files.json", "part-00000.parquet")
            : List.of("part-00000.parquet", "part-00001.parquet");
    assertThat(names(table)).isEqualTo(expected);
    for (String file : expected) {
      assertThat(table.resolve(file)).hasContent(touched < 4 ? "old" : "new");
    }
    assertThat(names(temporary)).containsExactly("table");
  }

  /** The table of another command in the run's folder, whose rename goes on. */
  @Test
  void theRenameOfAnotherLivingProcessIsLeftToIt() throws IOException {
    try (RunFolder run = open()) {
      run.saveCheckpoint(1, file());
    }
    String table = StoreOfObjects.name(out.resolve("eval")).toString();
    try (OutputFolder eval = OutputFolder.create(HADOOP, table, true)) {
      Path work = Path.of(eval.work().toUri().getPath());
      write(work, "rows", "a");
      StoreOfObjects.dieAfter(0);
      assertThatThrownBy(() -> eval.commit()).hasMessage("killed");
      open().close();
      assertThat(work.resolve("a")).hasContent("rows");
    }
  }

  @Test
  void rowsOfTheLogAreSeenWhileTheRunGoesOn() throws IOException {
    try (RunFolder run = open()) {
      MetricsLog log = run.begin(List.of());
      assertThat(out.resolve(MetricsLog.FILE_NAME)).as("marks the folder as a run's").isEmptyFile();
      log.log(Map.of("step", 1));
      assertThat(Files.readAllLines(out.resolve(MetricsLog.FILE_NAME)))
          .containsExactly("{\"step\":1}");
      log.log(Map.of("step", 2)); // too soon for an object to be written anew
      assertThat(log.rows()).containsExactly(Map.of("step", 1), Map.of("step", 2));
      log.close();
      assertThat(MetricsLog.read(store, name)).hasSize(2);
      run.saveCheckpoint(1, file());
    }
  }

  /** A disk as WebHDFS and HttpFS show it: a file that exists is reported at the end. */
  private static final class OverHttp extends FilterFileSystem {
    OverHttp(FileSystem disk) {
      super(disk);
    }

    @Override
    public URI getUri() {
      return URI.create("webhdfs://namenode");
    }

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path file,
        FsPermission permission,
        boolean overwrite,
        int bufferBytes,
        short replication,
        long blockBytes,
        Progressable progress)
        throws IOException {
      boolean refused = !overwrite && exists(file);
      OutputStream out =
          refused
              ? OutputStream.nullOutputStream()
              : super.create(
                  file, permission, overwrite, bufferBytes, replication, blockBytes, progress);
      return new FSDataOutputStream(out, null) {
        @Override
        public void close() throws IOException {
          super.close();
          if (refused) {
            throw new FileAlreadyExistsException(file.toString());
          }
        }
      };
    }
  }

  @Test
  void aSecondRunOverHttpIsRefusedAndTheFirstGoesOn() throws IOException {
    FileSystem http = new OverHttp(store);
    org.apache.hadoop.fs.Path folder = new org.apache.hadoop.fs.Path(out.toString());
    Files.createDirectories(out);
    try (RunLock first = RunLock.acquire(http, folder)) {
      assertThatThrownBy(() -> RunLock.acquire(http, folder))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("process " + ProcessHandle.current().pid());
      first.requireHeld();
    }
    assertThat(claims()).isEmpty();
  }

  @Test
  void fileSystemsThatPromiseMoreAreNotTakenForStores() throws IOException {
    assertThat(ObjectStore.is(store)).isTrue();
    assertThat(ObjectStore.is(FileSystem.getLocal(HADOOP))).isFalse();
    assertThat(ObjectStore.is(FileSystem.getLocal(HADOOP).getRawFileSystem())).isFalse();
  }
}
