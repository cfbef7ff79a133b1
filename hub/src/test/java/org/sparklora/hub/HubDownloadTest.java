package org.sparklora.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.hub.loopback.LoopbackFaults.Kind;
import org.sparklora.hub.loopback.LoopbackFaults.Request;

/**
 * Downloads over a network, and from servers, that fail. Most of the time is waiting, so the tests
 * run beside each other, each with a server of its own.
 */
@Execution(ExecutionMode.CONCURRENT)
class HubDownloadTest {
  private static final HubRepo REPO = HubRepo.model("qwen/tiny");
  private static final byte[] WEIGHTS = weights();
  private static final String FILE = "model.safetensors";

  @TempDir Path folder;
  private HubFixture hub;

  private static byte[] weights() {
    byte[] weights = new byte[300_000];
    new Random(7).nextBytes(weights);
    return weights;
  }

  @BeforeEach
  void start() throws IOException {
    hub = new HubFixture(folder);
    hub.server.model(REPO.id()).put(FILE, WEIGHTS).put("config.json", "{}");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private Path blob(String suffix) {
    return hub.cache.resolve("models--qwen--tiny/blobs/" + sha256() + suffix);
  }

  private static String sha256() {
    try {
      Path file = Files.createTempFile("weights", null);
      Files.write(file, WEIGHTS);
      String hash = ContentHash.sha256(file);
      Files.delete(file);
      return hash;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private void assertDownloads() {
    assertThat(hub.download(hub.client(), REPO).resolve(FILE)).hasBinaryContent(WEIGHTS);
    assertThat(blob(".spark-lora.incomplete")).doesNotExist();
  }

  private void leavePart(byte[] bytes) throws IOException {
    Files.createDirectories(blob("").getParent());
    Files.write(blob(".spark-lora.incomplete"), bytes);
  }

  @Test
  void goesOnWhereTheConnectionBroke() {
    hub.server.faults().add(Kind.DROP, "GET /objects", 120_000, 1);
    assertDownloads();
    assertThat(hub.requests("GET /objects").get(1).range()).matches("bytes=[1-9]\\d*-");
  }

  @Test
  void goesOnWhereAnotherProcessWasKilled() throws IOException {
    leavePart(Arrays.copyOf(WEIGHTS, 200_000));
    assertDownloads();
    assertThat(hub.requests("GET /objects"))
        .extracting(Request::range)
        .containsExactly("bytes=200000-");
  }

  /** The lock file cannot be made, which stands for a file system without locks. */
  @Test
  void downloadsByAPartOfItsOwnWhereNothingCanBeLocked() throws IOException {
    Files.writeString(Files.createDirectories(hub.cache).resolve(".locks"), "no folder");
    leavePart(Arrays.copyOf(WEIGHTS, 200_000));
    assertThat(hub.download(hub.client(), REPO).resolve(FILE)).hasBinaryContent(WEIGHTS);
    assertThat(blob(".spark-lora.incomplete")).hasBinaryContent(Arrays.copyOf(WEIGHTS, 200_000));
    assertThat(hub.cached()).filteredOn(name -> name.endsWith(".incomplete")).hasSize(1);
  }

  @Test
  void takesAllWhereTheServerHeedsNoRange() throws IOException {
    leavePart(Arrays.copyOf(WEIGHTS, 200_000));
    hub.server.faults().add(Kind.WHOLE, "GET /objects", 0, 1);
    assertDownloads();
  }

  @Test
  void beginsAgainWhereWhatWasLeftIsOfAnotherFile() throws IOException {
    leavePart(new byte[250_000]);
    assertDownloads();
    leavePart(new byte[0]);
  }

  @Test
  void beginsAgainWhereMoreWasLeftThanThereIs() throws IOException {
    leavePart(new byte[300_001]);
    assertDownloads();
  }

  @Test
  void refusesContentsOfAnotherHash() {
    hub.server.faults().add(Kind.CORRUPT, "GET /objects", 0, 1);
    assertThatThrownBy(() -> hub.download(hub.client(), REPO))
        .isInstanceOf(HubException.class)
        .hasMessageContaining(FILE)
        .hasMessageContaining("hash that the hub names (" + sha256());
    assertThat(blob("")).doesNotExist();
    assertThat(blob(".spark-lora.incomplete")).doesNotExist();
    assertDownloads();
  }

  @Test
  void refusesASmallFileOfAnotherHash() {
    hub.server.faults().add(Kind.CORRUPT, "GET /api/resolve-cache", 0, 1);
    assertThatThrownBy(() -> hub.download(hub.client(), REPO))
        .hasMessageContaining("config.json")
        .hasMessageContaining("hash");
  }

  @Test
  void goesOnWhereTheServerFallsSilent() {
    hub.server.faults().add(Kind.STALL, "GET /objects", 120_000, 1);
    assertThat(hub.download(impatient(), REPO).resolve(FILE)).hasBinaryContent(WEIGHTS);
  }

  /** A server has a second for headers, which a busy machine needs, and six for a whole answer. */
  private HubClient impatient() {
    return hub.client(hub.config(false, true, Duration.ofSeconds(1)));
  }

  @Test
  void goesOnWhereTheServerDrips() {
    hub.server.faults().add(Kind.DRIP, "GET /objects", 120_000, 1);
    assertThat(hub.download(impatient(), REPO).resolve(FILE)).hasBinaryContent(WEIGHTS);
  }

  @Test
  void givesUpAServerThatOnlyDrips() {
    hub.server.faults().add(Kind.DRIP, "GET /objects", 10, 100);
    assertThatThrownBy(() -> hub.download(impatient(), REPO))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("Cannot reach")
        .hasMessageContaining(FILE);
    assertThat(hub.count("GET /objects")).isEqualTo(HubRequest.RETRIES + 1);
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"STALL", "DRIP", "ENDLESS"})
  void givesUpAnAnswerThatDoesNotEnd(Kind kind) {
    hub.server.faults().add(kind, "GET /api/models", 1, 100);
    HubClient client = hub.client(hub.config(false, true, Duration.ofMillis(500)));
    assertThatThrownBy(() -> hub.download(client, REPO))
        .isInstanceOf(HubException.class)
        .hasMessageContaining(
            kind == Kind.ENDLESS ? "more than 67,108,864 bytes" : "did not end within 3.0 s");
    // not the requests: the JDK's client sends one again whose connection fails
    assertThat(hub.pauses).hasSizeLessThanOrEqualTo(HubRequest.RETRIES);
  }

  @ParameterizedTest
  @EnumSource(
      value = Kind.class,
      names = {"STALL", "DRIP", "ENDLESS"})
  void givesUpARefusalThatDoesNotEnd(Kind kind) {
    hub.server.faults().add(Kind.STATUS, "GET /api/models", 403, 100);
    hub.server.faults().add(kind, "GET /api/models", 1, 100);
    assertThatThrownBy(() -> hub.download(impatient(), REPO))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("Not allowed for");
  }

  @Test
  void whatTheHubSaysIsOneLineThatSteersNoTerminal() {
    assertThat(PlainText.line("a\u001b[2J\u009b1m\r\n\u202eb \t c", 100))
        .isEqualTo("a\uFFFD[2J\uFFFD1m \uFFFDb c");
    assertThat(PlainText.line("\ud83d\ude00".repeat(9), 3)).isEqualTo("\ud83d\ude00…");
    assertThat(HubException.Kind.SERVER.error("x\u001by\nz")).hasMessage("x\uFFFDy\nz");
  }

  @Test
  void waitsAsLongAsTheServerAsks() {
    hub.server.faults().add(Kind.RATE_LIMIT, "GET /api/models", 37, 2);
    assertDownloads();
    assertThat(hub.pauses).containsExactly(Duration.ofSeconds(37), Duration.ofSeconds(37));
  }

  @Test
  void waitsUntilTheServerIsBack() {
    hub.server.faults().add(Kind.BACK_AT, "GET /api/models", 120, 1);
    assertDownloads();
    // dates have whole seconds, and the answer takes its time
    assertThat(hub.pauses)
        .singleElement()
        .satisfies(pause -> assertThat(pause.toSeconds()).isBetween(100L, 120L));
  }

  @Test
  void doesNotWaitForHours() {
    hub.server.faults().add(Kind.RATE_LIMIT, "GET /api/models", 7200, 1);
    assertThatThrownBy(() -> hub.download(hub.client(), REPO))
        .hasMessageContaining("try again in 7200 s");
    assertThat(hub.pauses).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {408, 500, 502, 503, 504})
  void triesFailuresThatPassAgain(int status) {
    hub.server.faults().add(Kind.STATUS, "/", status, 5);
    assertDownloads();
    assertThat(hub.pauses).hasSize(5);
  }

  @Test
  void givesUpAfterFiveTimes() {
    hub.server.faults().add(Kind.STATUS, "GET /api", 503, 6);
    assertThatThrownBy(() -> hub.download(hub.client(), REPO)).hasMessageContaining("answers 503");
    assertThat(hub.pauses).hasSize(5);
  }

  /** The listener stands for a transfer that does not heed its interrupt. */
  @Test
  void anInterruptedDownloadWaitsForItsTransfers() throws InterruptedException {
    HubClient client = hub.client();
    String commit = client.commit(REPO, "main");
    CountDownLatch transferring = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    AtomicBoolean transferred = new AtomicBoolean();
    TransferListener slow =
        (what, done, total, resumed) -> {
          if (transferring.getCount() > 0) {
            transferring.countDown();
            long end = System.nanoTime() + 500_000_000;
            while (interrupted.getCount() > 0 || System.nanoTime() < end) {
              Thread.onSpinWait();
            }
            transferred.set(true);
          }
        };
    AtomicBoolean waited = new AtomicBoolean();
    Thread run =
        new Thread(
            () -> {
              try {
                client.snapshot(REPO, commit, file -> true, slow);
              } catch (HubException e) {
                waited.set(transferred.get() && Thread.currentThread().isInterrupted());
              }
            });
    run.start();
    transferring.await();
    run.interrupt();
    interrupted.countDown();
    run.join();
    assertThat(waited).isTrue();
  }

  @Test
  void asksAgainForAListThatBrokeOff() {
    hub.server.faults().add(Kind.DROP, "GET /api/models/qwen/tiny/tree", 10, 1);
    assertDownloads();
  }

  @Test
  void asksAgainWhereTheAnswerWasLost() {
    hub.server.faults().add(Kind.LOSE_ANSWER, "GET /api/models", 0, 1);
    assertDownloads();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../outside.txt",
        "a/../../outside.txt",
        "/etc/outside.txt",
        "C:/outside.txt",
        "a\\..\\outside.txt",
        "a//b",
        "./a",
        "a/.",
        ".git/config",
        "a\nb"
      })
  void namesFromTheServerStayInside(String name) throws IOException {
    hub.server.model("evil/names").put(name, "harm");
    assertThatThrownBy(() -> hub.download(hub.client(), HubRepo.model("evil/names")))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("does not stay inside");
    assertThat(hub.cached()).noneMatch(file -> file.contains("snapshots"));
    assertThat(folder).isDirectoryNotContaining(file -> file.toString().contains("outside"));
  }

  @Test
  void linksInTheCacheLeadNowhere() throws IOException {
    hub.server.model("evil/links").put("a/file.txt", "harm");
    HubClient client = hub.client();
    HubRepo repo = HubRepo.model("evil/links");
    Path outside = Files.createDirectories(folder.resolve("outside"));
    Path snapshot =
        Files.createDirectories(
            hub.cache.resolve("models--evil--links/snapshots/" + client.commit(repo, "main")));
    Files.createSymbolicLink(snapshot.resolve("a"), outside);
    assertThatThrownBy(() -> hub.download(client, repo)).hasMessageContaining("out of the cache");
    assertThat(outside).isEmptyDirectory();
  }

  @ParameterizedTest
  @ValueSource(strings = {"../../x", "", "a/b", "x.incomplete"})
  void eTagsAreNoPaths(String etag) {
    HubCache cache = new HubCache(hub.cache, true);
    assertThatThrownBy(() -> cache.blob(REPO, etag)).isInstanceOf(HubException.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"../main", "/etc/passwd", "", "--help", "a/../b"})
  void revisionsAreNoPaths(String revision) {
    assertThatThrownBy(() -> hub.client().commit(REPO, revision)).isInstanceOf(HubException.class);
    assertThat(hub.server.faults().requests()).isEmpty();
  }
}
