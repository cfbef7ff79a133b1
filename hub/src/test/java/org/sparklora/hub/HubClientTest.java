package org.sparklora.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.hub.loopback.LoopbackFaults.Kind;
import org.sparklora.hub.loopback.LoopbackFaults.Request;
import org.sparklora.hub.loopback.LoopbackRepo;

class HubClientTest {
  private static final HubRepo REPO = HubRepo.model("qwen/tiny");
  private static final byte[] WEIGHTS = new byte[300_000];

  @TempDir Path folder;
  private HubFixture hub;
  private LoopbackRepo remote;

  @BeforeEach
  void start() throws IOException {
    new Random(7).nextBytes(WEIGHTS);
    hub = new HubFixture(folder);
    remote =
        hub.server
            .model(REPO.id())
            .put("config.json", "{}\n")
            .put("model.safetensors", WEIGHTS)
            .put("original/params.json", "{}");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  @Test
  void laysFilesAsHuggingfaceHubDoes() throws IOException {
    Path snapshot = hub.download(hub.client(), REPO);

    String commit = remote.head();
    String weights = ContentHash.sha256(snapshot.resolve("model.safetensors"));
    // "{}\n" has this id in every Git repository
    String config = "0967ef424bce6791893e9a57bb952f80fd536e93";
    String params = "9e26dfeeb6e641a33dae4961196235bdb965b21b"; // "{}"
    String repo = "models--qwen--tiny/";
    assertThat(snapshot).isEqualTo(hub.cache.resolve(repo + "snapshots/" + commit));
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
    assertThat(Files.readString(hub.cache.resolve(repo + "refs/main"))).isEqualTo(commit);
    assertThat(Files.readSymbolicLink(snapshot.resolve("config.json")))
        .hasToString("../../blobs/" + config);
    assertThat(Files.readSymbolicLink(snapshot.resolve("original/params.json")))
        .hasToString("../../../blobs/" + params);
    assertThat(hub.cached())
        .containsExactlyInAnyOrder(
            ".locks/models--qwen--tiny/" + config + ".lock",
            ".locks/models--qwen--tiny/" + params + ".lock",
            ".locks/models--qwen--tiny/" + weights + ".lock",
            repo + "blobs/" + config,
            repo + "blobs/" + params,
            repo + "blobs/" + weights,
            repo + "refs/main",
            repo + "snapshots/" + commit + "/config.json",
            repo + "snapshots/" + commit + "/model.safetensors",
            repo + "snapshots/" + commit + "/original/params.json",
            repo + "trees/" + commit + ".json");
  }

  @Test
  void downloadsOnlyWhatIsWanted() {
    HubClient client = hub.client();
    Path snapshot =
        client.snapshot(
            REPO, client.commit(REPO, "main"), HubFile::isAtRoot, TransferListener.SILENT);
    assertThat(snapshot.resolve("config.json")).exists();
    assertThat(snapshot.resolve("original")).doesNotExist();
  }

  @Test
  void asksForNothingThatTheCacheHas() {
    Path first = hub.download(hub.client(), REPO);
    hub.server.faults().clear();
    HubClient again = hub.client();
    assertThat(again.snapshot(REPO, remote.head(), HubFixture.ALL, TransferListener.SILENT))
        .isEqualTo(first);
    assertThat(hub.server.faults().requests()).isEmpty();

    assertThat(hub.download(hub.client(hub.offline()), REPO)).isEqualTo(first);
    assertThat(hub.server.faults().requests()).isEmpty();
  }

  @Test
  void seesOneStateWhateverIsPushedMeanwhile() {
    HubClient client = hub.client();
    String before = client.commit(REPO, "main");
    remote.put("config.json", "{\"new\": 1}");
    assertThat(client.commit(REPO, "main")).isEqualTo(before);
    assertThat(hub.client().commit(REPO, "main")).isEqualTo(remote.head()).isNotEqualTo(before);
    client.forgetRevisions(); // as where the next command begins
    assertThat(client.commit(REPO, "main")).isEqualTo(remote.head());
  }

  @Test
  void findsBranchesWithSlashes() {
    remote.branch("refs/pr/1").put("config.json", "later");
    HubClient client = hub.client();
    assertThat(client.commit(REPO, "refs/pr/1")).isNotEqualTo(remote.head());
  }

  @Test
  void readsListsOfSeveralPages() {
    IntStream.range(0, 7).forEach(i -> remote.put("data/part-%d.txt".formatted(i), "x" + i));
    hub.server.pageSize(3);
    Path snapshot = hub.download(hub.client(), REPO);
    assertThat(snapshot.resolve("data")).isDirectoryContaining(file -> file.endsWith("part-6.txt"));
    assertThat(hub.count("GET /api/models/qwen/tiny/tree/")).isEqualTo(4); // 10 files
  }

  @Test
  void aListOfFilesThatIsNoneIsNotKept() {
    hub.server.faults().add(Kind.STATUS, "GET /api/models/qwen/tiny/tree/", 200, 1);
    assertThatThrownBy(() -> hub.download(hub.client(), REPO))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("the files of model qwen/tiny")
        .hasMessageContaining("is no list");
    assertThat(hub.download(hub.client(), REPO).resolve("config.json")).exists();
  }

  @Test
  void fallsBackToTheCacheWhenTheHubDoesNotAnswer() {
    Path first = hub.download(hub.client(), REPO);
    hub.server.faults().add(Kind.STATUS, "GET /api/", 503, 100);
    assertThat(hub.download(hub.client(), REPO)).isEqualTo(first);
    assertThat(hub.pauses).isEmpty(); // and does not wait for it
  }

  @Test
  void copiesWhereLinksAreNotWanted() {
    HubConfig copying = hub.config(false, false, Duration.ofSeconds(5));
    Path file = hub.download(hub.client(copying), REPO).resolve("model.safetensors");
    assertThat(file).isRegularFile().hasBinaryContent(WEIGHTS);
    assertThat(Files.isSymbolicLink(file)).isFalse();
  }

  @Test
  void needsRoomForMissingBytesAlone() throws IOException {
    Path first = hub.download(hub.client(), REPO);
    String weights = ContentHash.sha256(first.resolve("model.safetensors"));
    remote.put("README.md", "a later commit with the same weights");
    HubCache cache = new HubCache(hub.cache, true);
    HubFile huge = new HubFile("model.safetensors", Long.MAX_VALUE / 4, "", Optional.of(weights));
    cache.saveTree(REPO, remote.head(), List.of(huge));
    assertThat(hub.download(hub.client(), REPO).resolve("model.safetensors"))
        .hasBinaryContent(WEIGHTS);

    HubFile other = new HubFile("other", 300_000, "", Optional.of("f".repeat(64)));
    assertThat(cache.neededBytes(REPO, other)).isEqualTo(300_000);
    Files.write(HubCache.part(cache.blob(REPO, other.etag())), new byte[100_000]);
    assertThat(cache.neededBytes(REPO, other)).isEqualTo(200_000);
    assertThat(new HubCache(hub.cache, false).neededBytes(REPO, other))
        .as("with the copy in the snapshot")
        .isEqualTo(500_000);
  }

  /** Another user's cache: files in place of folders refuse what missing rights refuse. */
  @Test
  void aCacheThatCannotBeWrittenToServesWhatItHas() throws IOException {
    Path first = hub.download(hub.client(), REPO);
    for (String name : List.of("refs", "trees")) {
      Path place = hub.cache.resolve("models--qwen--tiny").resolve(name);
      Files.move(place, place.resolveSibling("former-" + name));
      Files.writeString(place, "");
    }
    assertThat(hub.download(hub.client(), REPO)).isEqualTo(first);
  }

  /** Revision {@code main} cannot be kept where another one, {@code main/next}, once was. */
  @Test
  void aFileThatCannotTakeItsPlaceLeavesNothingBehind() throws IOException {
    Path refs = hub.cache.resolve("models--qwen--tiny/refs");
    Files.createDirectories(refs.resolve("main"));
    Files.writeString(refs.resolve("main/next"), remote.head());
    new HubCache(hub.cache, true).saveCommit(REPO, "main", remote.head());
    assertThat(hub.cached()).containsExactly("models--qwen--tiny/refs/main/next");
  }

  /** The hub masks the hashes of a gated repository for accounts without access. */
  @Test
  void aListWithMaskedHashesIsAskedForAgain() throws IOException {
    HubCache cache = new HubCache(hub.cache, true);
    String masked = "*".repeat(64);
    cache.saveTree(
        REPO,
        remote.head(),
        List.of(new HubFile("model.safetensors", 300_000, "0".repeat(40), Optional.of(masked))));
    Path tree = hub.cache.resolve("models--qwen--tiny/trees/" + remote.head() + ".json");
    assertThat(tree).doesNotExist();

    Files.createDirectories(tree.getParent());
    Files.writeString(
        tree,
        "{\"format_version\": 1, \"files\": {\"model.safetensors\": {\"size\": 300000, \"blob_id\": \"0\", \"lfs_sha256\": \"%s\"}}}"
            .formatted(masked));
    assertThat(hub.download(hub.client(), REPO).resolve("model.safetensors"))
        .hasBinaryContent(WEIGHTS);
  }

  @Test
  void severalClientsDownloadAFileOnce() {
    List<CompletableFuture<Path>> running = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      running.add(CompletableFuture.supplyAsync(() -> hub.download(hub.client(), REPO)));
    }
    running.forEach(future -> assertThat(future.join().resolve("config.json")).exists());
    assertThat(hub.count("GET /objects/")).isEqualTo(1);
  }

  @Test
  void showsTheTokenToTheHubAlone() {
    hub.download(hub.client(hub.withToken()), REPO);
    assertThat(hub.requests("GET /objects/"))
        .extracting(Request::authorization)
        .containsExactly("");
    assertThat(hub.requests("GET /api/models"))
        .extracting(Request::authorization)
        .containsOnly("Bearer " + HubFixture.TOKEN);
  }

  @Test
  void tellsProgressInBytes() {
    List<Long> done = new ArrayList<>();
    HubClient client = hub.client();
    client.snapshot(
        REPO,
        client.commit(REPO, "main"),
        HubFixture.ALL,
        (what, bytes, total, resumed) -> {
          assertThat(total).isEqualTo(300_005);
          done.add(bytes);
        });
    assertThat(done).isSorted().endsWith(300_005L);
  }

  @Test
  void saysWhatIsMissing() {
    hub.server.model("meta/hidden").hidden().put("config.json", "{}");
    hub.server.model("meta/gated").gated().put("config.json", "{}");
    HubClient known = hub.client(hub.withToken());
    HubConfig wrongToken = hub.config().withToken(Optional.of(HubToken.of("hf_wrong")));

    assertRefused(hub.client(), "meta/none", HubException.Kind.NO_REPOSITORY, "set HF_TOKEN");
    assertRefused(known, "meta/none", HubException.Kind.NO_REPOSITORY, "correct the name");
    assertRefused(hub.client(), "meta/hidden", HubException.Kind.NO_REPOSITORY, "private");
    assertRefused(hub.client(), "meta/gated", HubException.Kind.GATED, "then set HF_TOKEN");
    assertRefused(known, "meta/gated", HubException.Kind.GATED, "no access yet");
    assertRefused(
        hub.client(wrongToken), "qwen/tiny", HubException.Kind.BAD_TOKEN, "/settings/tokens");
    assertRefused(
        hub.client(hub.offline()), "qwen/tiny", HubException.Kind.OFFLINE, "HF_HUB_OFFLINE");
    assertThatThrownBy(() -> hub.client().commit(REPO, "v9"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("Cannot find revision v9 of model qwen/tiny");
    HubClient client = hub.client();
    assertThatThrownBy(
            () -> client.snapshot(REPO, remote.head(), file -> false, TransferListener.SILENT))
        .hasMessageContaining("none of the files that are needed");
  }

  private void assertRefused(HubClient client, String id, HubException.Kind kind, String remedy) {
    assertThatThrownBy(() -> hub.download(client, HubRepo.model(id)))
        .isInstanceOfSatisfying(HubException.class, e -> assertThat(e.kind()).isEqualTo(kind))
        .hasMessageContaining(id)
        .hasMessageContaining(remedy);
  }

  @Test
  void saysThatAFileWasDeletedFromTheCommitMeanwhile() {
    hub.server.faults().add(Kind.STATUS, "HEAD /qwen/tiny/resolve/.*/config.json", 404, 1);
    assertThatThrownBy(() -> hub.download(hub.client(), REPO)).isInstanceOf(HubException.class);
  }

  @Test
  void cannotReachAHubThatIsNotThere() {
    HubConfig gone =
        hub.config(false, true, Duration.ofSeconds(1))
            .withEndpoint(URI.create("http://127.0.0.1:1"));
    assertThatThrownBy(() -> hub.download(hub.client(gone), REPO))
        .hasMessageContaining("Cannot reach http://127.0.0.1:1 for model qwen/tiny")
        .hasMessageContaining("HF_ENDPOINT");
    assertThat(hub.pauses)
        .containsExactly(seconds(1), seconds(2), seconds(4), seconds(8), seconds(8));
  }

  @Test
  void hidesATokenThatAServerRepeats() {
    HubSubject about = HubSubject.of(REPO, "main");
    HubException error =
        about.failure(
            hub.withToken(),
            500,
            "",
            hub.withToken().redact("no such token: " + HubFixture.TOKEN),
            Duration.ZERO);
    assertThat(error).hasMessageContaining("(hidden)");
    assertThat(error.getMessage()).doesNotContain(HubFixture.TOKEN);
    assertThat(hub.withToken().toString()).doesNotContain(HubFixture.TOKEN);
  }

  private static Duration seconds(int count) {
    return Duration.ofSeconds(count);
  }
}
