package org.sparklora.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.hub.loopback.LoopbackFaults.Request;
import org.sparklora.hub.loopback.LoopbackHub;
import org.sparklora.hub.loopback.LoopbackRepo;

/** Answers that lead elsewhere, or tell of ways that are not ours. */
class HubRedirectTest {
  private static final String NEW = "ada/new";
  private static final HubRepo OLD = HubRepo.model("ada/old");
  private static final byte[] WEIGHTS = new byte[200_000];

  static {
    new Random(5).nextBytes(WEIGHTS);
  }

  @TempDir private Path folder;
  private HubFixture hub;
  private LoopbackRepo remote;

  @BeforeEach
  void start() throws IOException {
    hub = new HubFixture(folder);
    remote = hub.server.model(NEW).put("config.json", "{}").put("model.safetensors", WEIGHTS);
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private void assertWhole(Path snapshot) {
    assertThat(snapshot.resolve("config.json")).hasContent("{}");
    assertThat(snapshot.resolve("model.safetensors")).hasBinaryContent(WEIGHTS);
  }

  private Path adapter() throws IOException {
    Path adapter = Files.createDirectories(folder.resolve("adapter"));
    Files.writeString(adapter.resolve("adapter_config.json"), "{}");
    Files.write(adapter.resolve("adapter_model.safetensors"), WEIGHTS);
    return adapter;
  }

  @Test
  void findsARenamedRepositoryByItsOldName() throws IOException {
    hub.server.rename("models", OLD.id(), NEW).pageSize(1);
    hub.server.find("models", NEW).orElseThrow().hidden();

    Path snapshot = hub.download(hub.client(hub.withToken()), OLD);
    assertWhole(snapshot);
    // as huggingface_hub, under the name that was asked for
    assertThat(hub.cache.relativize(snapshot).toString()).startsWith("models--ada--old/");

    String commit = hub.upload().push(OLD, "main", adapter(), name -> true, "by its old name");
    assertThat(remote.head()).isEqualTo(commit);
    assertThat(remote.file("adapter_model.safetensors")).isEqualTo(WEIGHTS);
    assertThat(hub.requests("POST /ada/new.git/info/lfs/objects/batch")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(ints = {301, 302, 307, 308})
  void takesTheTokenAlongOnTheSameHub(int status) {
    hub.server
        .move(status, "/api/models/ada/old", hub.server.endpoint() + "/api/models/ada/new")
        .move(status, "/ada/old", hub.server.endpoint() + "/ada/new");
    hub.server.find("models", NEW).orElseThrow().hidden();
    assertWhole(hub.download(hub.client(hub.withToken()), OLD));
  }

  @Test
  void leavesTheTokenBehindOnTheWayToAnotherHost() throws IOException {
    try (LoopbackHub other = LoopbackHub.start()) {
      other.model(NEW).put("config.json", "{}").put("model.safetensors", WEIGHTS);
      hub.server
          .move(307, "/api/models/ada/old", other.endpoint() + "/api/models/ada/new")
          .move(307, "/ada/old", other.endpoint() + "/ada/new");
      HubClient client = hub.client(hub.withToken());

      String commit = client.commit(OLD, "main");
      client.files(OLD, commit);
      HubFile weights =
          client.files(OLD, commit).stream()
              .filter(file -> file.path().equals("model.safetensors"))
              .findFirst()
              .orElseThrow();
      assertThat(client.front(OLD, commit, weights, 100)).hasSize(100);

      assertThat(other.faults().requests())
          .hasSizeGreaterThan(3)
          .extracting(Request::authorization)
          .containsOnly("");
      assertThat(hub.requests("GET /"))
          .extracting(Request::authorization)
          .containsOnly("Bearer " + HubFixture.TOKEN);
    }
  }

  @Test
  void followsAMirrorThatSendsToThePublicHub() throws IOException {
    try (LoopbackHub mirror = LoopbackHub.start()) {
      mirror.account(HubFixture.TOKEN, "ada").move(308, "/ada", hub.server.endpoint() + "/ada");
      HubConfig config = hub.withToken().withEndpoint(URI.create(mirror.endpoint()));
      HubHttp http = new HubHttp(config, hub.pauses::add, hub.server.endpoint());
      HubSubject about = HubSubject.of(HubRepo.model(NEW), "main");
      URI small = http.uri("/ada/new/resolve/main/config.json");
      assertThat(http.send(HubRequest.head(small, about)).headers().firstValue("ETag")).isPresent();
      URI large = http.uri("/ada/new/resolve/main/model.safetensors");
      assertThat(http.send(HubRequest.head(large, about)).headers().firstValue("X-Linked-Etag"))
          .isPresent();
      assertThat(hub.server.faults().requests())
          .extracting(Request::authorization)
          .containsOnly("");
      // one that passes on the public hub's own addresses means itself
      assertThat(http.resolve(small, hub.server.endpoint() + "/a?b=c"))
          .hasToString(mirror.endpoint() + "/a?b=c");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"ftp://127.0.0.1/x", "mailto:ada", "http:///x", "http://a b/"})
  void refusesAddressesThatAreNone(String location) {
    hub.server.move(302, "/api/models/ada/old", location);
    assertThatThrownBy(() -> hub.client().commit(OLD, "main"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("an address that is none");
  }

  @Test
  void endsACircle() {
    hub.server.move(302, "/api/models/ada/old", "/api/models/ada/old");
    assertThatThrownBy(() -> hub.client().commit(OLD, "main"))
        .hasMessageContaining("in a circle")
        .hasMessageContaining("model ada/old");
  }

  @Test
  void readsAndWritesRepositoriesWithXetByPlainHttp() throws IOException {
    remote.xet();
    HubClient client = hub.client(hub.withToken());
    Path snapshot = hub.download(client, HubRepo.model(NEW));
    assertWhole(snapshot);
    // LFS's hash names the contents, not Xet's, and Git's though it is a weak tag
    assertThat(snapshot.resolve("model.safetensors").toRealPath())
        .hasFileName(ContentHash.sha256(snapshot.resolve("model.safetensors")));

    String commit =
        hub.upload().push(HubRepo.model(NEW), "main", adapter(), name -> true, "by LFS");
    assertThat(remote.head()).isEqualTo(commit);
    assertThat(remote.file("adapter_model.safetensors")).isEqualTo(WEIGHTS);
    assertThat(hub.server.faults().requests())
        .noneMatch(
            request ->
                request.path().contains("xet-") || request.path().contains("reconstructions"));
  }
}
