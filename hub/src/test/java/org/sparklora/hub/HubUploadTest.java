package org.sparklora.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.hub.loopback.LoopbackFaults.Kind;
import org.sparklora.hub.loopback.LoopbackFaults.Request;
import org.sparklora.hub.loopback.LoopbackRepo;

class HubUploadTest {
  private static final byte[] WEIGHTS = new byte[250_000];

  @TempDir Path temporary;
  private HubFixture hub;
  private Path folder;

  @BeforeEach
  void start() throws IOException {
    new Random(3).nextBytes(WEIGHTS);
    hub = new HubFixture(temporary);
    folder = Files.createDirectories(temporary.resolve("adapter"));
    Files.write(folder.resolve("adapter_model.safetensors"), WEIGHTS);
    Files.writeString(folder.resolve("README.md"), "# an adapter");
    Files.writeString(folder.resolve("empty.txt"), "");
    Files.writeString(folder.resolve(".hidden"), "x");
    Files.writeString(folder.resolve("_prep_manifest.json"), "{}");
    Files.writeString(Files.createDirectories(folder.resolve("logs")).resolve("a.jsonl"), "{}\n");
  }

  @AfterEach
  void stop() {
    hub.close();
  }

  private HubRepo make(String name) {
    HubUpload upload = hub.upload();
    HubRepo repo = upload.repository(HubRepo.Type.MODEL, name);
    upload.create(repo, Optional.empty());
    return repo;
  }

  private LoopbackRepo remote(HubRepo repo) {
    return hub.server.find("models", repo.id()).orElseThrow();
  }

  private void assertPushed(HubRepo repo) {
    LoopbackRepo remote = remote(repo);
    assertThat(remote.paths())
        .containsExactly("README.md", "adapter_model.safetensors", "empty.txt", "logs/a.jsonl");
    assertThat(remote.file("adapter_model.safetensors")).isEqualTo(WEIGHTS);
    assertThat(remote.file("README.md")).asString().isEqualTo("# an adapter");
  }

  @Test
  void pushesAFolderToItsOwnersNamespace() {
    HubRepo repo = make("my-adapter");
    String commit = hub.upload().push(repo, "main", folder, name -> true, "End of training");
    assertThat(repo.id()).isEqualTo("ada/my-adapter");
    assertThat(commit).isEqualTo(remote(repo).head());
    assertThat(remote(repo).messages()).containsExactly("initial commit", "End of training");
    assertThat(remote(repo).isHidden()).isFalse();
    assertPushed(repo);
  }

  @Test
  void pushesLargeFilesInPartsWhereTheHubWantsThem() {
    hub.server.partBytes(100_000);
    HubRepo repo = make("my-adapter");
    hub.upload().push(repo, "main", folder, name -> true, "End of training");
    assertPushed(repo);
    assertThat(hub.count("PUT /part/")).isEqualTo(3);
    assertThat(hub.count("POST /complete/")).isEqualTo(1);
  }

  @Test
  void triesEachPartAgain() {
    hub.server.partBytes(100_000);
    hub.server.faults().add(Kind.STATUS, "PUT /part/.*/2", 500, 2);
    hub.server.faults().add(Kind.LOSE_ANSWER, "PUT /part/.*/3", 0, 1);
    HubRepo repo = make("my-adapter");
    hub.upload().push(repo, "main", folder, name -> true, "End of training");
    assertPushed(repo);
  }

  @Test
  void theStorageNeverSeesTheToken() {
    hub.server.partBytes(100_000);
    HubRepo repo = make("my-adapter");
    hub.upload().push(repo, "main", folder, name -> true, "End of training");
    assertThat(hub.server.faults().requests())
        .filteredOn(request -> request.server().equals("storage"))
        .isNotEmpty()
        .extracting(Request::authorization)
        .containsOnly("");
  }

  @Test
  void makesPrivateRepositories() {
    HubUpload upload = hub.upload();
    HubRepo repo = upload.repository(HubRepo.Type.MODEL, "ada/secret");
    upload.create(repo, Optional.of(true));
    assertThat(remote(repo).isHidden()).isTrue();
    upload.create(repo, Optional.of(true)); // it is there: nothing to do
  }

  @Test
  void sendsOnlyWhatIsNew() throws IOException {
    HubRepo repo = make("my-adapter");
    String first = hub.upload().push(repo, "main", folder, name -> true, "one");
    assertThat(hub.upload().push(repo, "main", folder, name -> true, "nothing new"))
        .isEqualTo(first);
    hub.server.faults().clear();
    Files.writeString(folder.resolve("README.md"), "# better");
    hub.upload().push(repo, "main", folder, name -> true, "two");
    assertThat(remote(repo).messages()).containsExactly("initial commit", "one", "two");
    assertThat(hub.count("PUT /objects/")).isZero();
  }

  @Test
  void commitsOnceThoughTheAnswerWasLost() {
    HubRepo repo = make("my-adapter");
    hub.server.faults().add(Kind.LOSE_ANSWER, "POST .*/commit/", 0, 1);
    String commit = hub.upload().push(repo, "main", folder, name -> true, "one");
    assertThat(commit).isEqualTo(remote(repo).head());
    assertThat(remote(repo).messages()).containsExactly("initial commit", "one");
    assertPushed(repo);
  }

  @Test
  void commitsOnTopOfAnothersCommit() {
    HubRepo repo = make("my-adapter");
    hub.server.faults().add(Kind.STATUS, "POST .*/commit/", 412, 1);
    hub.upload().push(repo, "main", folder, name -> true, "one");
    assertPushed(repo);
  }

  @Test
  void pushesToABranchThatItMakes() {
    HubRepo repo = make("my-adapter");
    String main = hub.upload().push(repo, "main", folder, name -> name.equals("README.md"), "one");
    HubUpload upload = hub.upload();
    upload.createBranch(repo, "runs/r 8");
    upload.createBranch(repo, "runs/r 8"); // it is there: nothing to do
    assertThat(hub.count("POST /api/models/ada/my-adapter/branch/")).isEqualTo(1);
    String commit = upload.push(repo, "runs/r 8", folder, name -> true, "two");
    assertThat(remote(repo).head("runs/r 8")).contains(commit);
    assertThat(remote(repo).paths(commit)).contains("README.md", "adapter_model.safetensors");
    assertThat(remote(repo).head()).isEqualTo(main);
    assertThat(remote(repo).paths()).containsExactly("README.md");
  }

  @Test
  void aBranchThatAnotherMadeMeanwhileIsTaken() {
    HubRepo repo = make("my-adapter");
    hub.server.faults().add(Kind.STATUS, "POST .*/branch/", 409, 1);
    hub.upload().createBranch(repo, "next");
    assertThat(hub.count("POST /api/models/ada/my-adapter/branch/next")).isEqualTo(1);
  }

  @Test
  void refusesWhatIsNoBranch() {
    HubRepo repo = make("my-adapter");
    HubUpload upload = hub.upload();
    assertThatThrownBy(() -> upload.createBranch(repo, remote(repo).head()))
        .hasMessageContaining(remote(repo).head())
        .hasMessageContaining("name a branch");
    assertThatThrownBy(() -> upload.createBranch(repo, "../main"))
        .hasMessageContaining("Cannot use revision \"../main\"");
    assertThatThrownBy(() -> upload.createBranch(repo, "refs/pr/1"))
        .hasMessageContaining("Invalid reference for a branch: refs/pr/1");
    hub.server.model("meta/theirs");
    assertThatThrownBy(() -> upload.createBranch(HubRepo.model("meta/theirs"), "mine"))
        .hasMessageContaining("Not allowed for model meta/theirs (revision mine)");
  }

  @Test
  void saysWhoMayNotWriteWhere() {
    hub.server.model("meta/theirs");
    HubUpload upload = hub.upload();
    assertThatThrownBy(() -> upload.create(HubRepo.model("meta/new"), Optional.empty()))
        .hasMessageContaining("Not allowed for model meta/new")
        .hasMessageContaining("the namespace meta");
    assertThatThrownBy(
            () -> upload.push(HubRepo.model("meta/theirs"), "main", folder, name -> true, "x"))
        .hasMessageContaining("Not allowed for model meta/theirs");
    assertThatThrownBy(
            () -> upload.push(HubRepo.model("ada/none"), "main", folder, name -> true, "x"))
        .hasMessageContaining("Cannot find model ada/none")
        .hasMessageNotContaining("folder");
    HubUpload unknown = new HubUpload(hub.client(), TransferListener.SILENT);
    assertThatThrownBy(() -> unknown.repository(HubRepo.Type.MODEL, "x"))
        .hasMessageContaining("set HF_TOKEN");
  }

  @Test
  void refusesAnEmptyFolder() throws IOException {
    Path empty = Files.createDirectories(temporary.resolve("empty"));
    HubRepo repo = make("my-adapter");
    assertThatThrownBy(() -> hub.upload().push(repo, "main", empty, name -> true, "x"))
        .hasMessageContaining("there is no file in it");
  }
}
