package org.sparklora.observe.track.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;

class MlflowConfigTest {
  @TempDir Path home;

  private MlflowServer server(String... environment) {
    return MlflowServer.of(environment(environment), home);
  }

  private static Map<String, String> environment(String... words) {
    Map<String, String> environment = new java.util.HashMap<>();
    for (String word : words) {
      String[] pair = word.split("=", 2);
      environment.put(pair[0], pair[1]);
    }
    return environment;
  }

  private static Optional<String> basic(String userAndPassword) {
    return Optional.of(
        "Basic "
            + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void saysWhoOneIsAsMlflowsClientDoes() throws IOException {
    String uri = "MLFLOW_TRACKING_URI=https://m.example/mlflow/";
    String token = "MLFLOW_TRACKING_TOKEN=t";
    assertThat(server(uri).base()).hasToString("https://m.example/mlflow");
    assertThat(server(uri).authorization()).isEmpty();
    assertThat(server(uri, token).authorization()).contains("Bearer t");
    String[] user = {"MLFLOW_TRACKING_USERNAME=u", "MLFLOW_TRACKING_PASSWORD=p"};
    assertThat(server(uri, token, user[0], user[1]).authorization()).isEqualTo(basic("u:p"));
    MlflowServer inAddress = server("MLFLOW_TRACKING_URI=http://a:b@h:5000");
    assertThat(inAddress.authorization()).isEqualTo(basic("a:b"));
    assertThat(inAddress).hasToString("http://h:5000");

    Files.createDirectories(home.resolve(".mlflow"));
    Files.writeString(
        home.resolve(".mlflow/credentials"),
        "[mlflow]\nmlflow_tracking_username = f\nmlflow_tracking_password = g=h\n");
    assertThat(server(uri).authorization()).isEqualTo(basic("f:g=h"));
  }

  /** Containers of docker-compose have such names, which Java's URI takes for no host. */
  @Test
  void namesMayHaveUnderscores() throws IOException {
    MlflowServer server = server("MLFLOW_TRACKING_URI=http://a:b%40@mlflow_server:5000/");
    assertThat(server).hasToString("http://mlflow_server:5000");
    assertThat(server.authorization()).isEqualTo(basic("a:b@"));
    URI call = URI.create(server.base() + "/api/2.0/a?b=c:d");
    assertThat(MlflowClient.at(InetAddress.getByName("172.18.0.2"), call))
        .hasToString("http://172.18.0.2:5000/api/2.0/a?b=c:d")
        .hasHost("172.18.0.2");
    assertThat(MlflowClient.at(InetAddress.getByName("::1"), call))
        .hasToString("http://[0:0:0:0:0:0:0:1]:5000/api/2.0/a?b=c:d")
        .hasPort(5000);
  }

  @Test
  void findsAWorkspaceInProfilesOrInTheEnvironment() throws IOException {
    Files.writeString(
        home.resolve(".databrickscfg"),
        """
        ; made by hand
        [DEFAULT]
        host = https://one.example/
        token = 1
        [two]
        host=two.example
        token=2
        [three]
        host = https://three.example
        """);
    MlflowServer one = server("MLFLOW_TRACKING_URI=databricks");
    assertThat(one)
        .isEqualTo(new MlflowServer(URI.create("https://one.example"), one.authorization(), true));
    assertThat(one.authorization()).contains("Bearer 1");
    MlflowServer two =
        server("MLFLOW_TRACKING_URI=databricks://two", "DATABRICKS_TOKEN=not this one");
    assertThat(two).hasToString("https://two.example");
    assertThat(two.authorization()).contains("Bearer 2");
    MlflowServer told =
        server("MLFLOW_TRACKING_URI=databricks", "DATABRICKS_HOST=https://e", "DATABRICKS_TOKEN=3");
    assertThat(told).hasToString("https://e");
    assertThat(told.authorization()).contains("Bearer 3");
    assertThatThrownBy(() -> server("MLFLOW_TRACKING_URI=databricks://three"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("there is no token")
        .hasMessageContaining("[three]");
  }

  @Test
  void refusesWhatIsNoServer() {
    for (String uri : new String[] {"./mlruns", "file:/x", "sqlite:///mlflow.db", "http://"}) {
      assertThatThrownBy(() -> server("MLFLOW_TRACKING_URI=" + uri))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("MLFLOW_TRACKING_URI = " + uri.replaceAll("/+$", ""))
          .hasMessageContaining("mlflow server --backend-store-uri");
    }
    assertThatThrownBy(() -> server("MLFLOW_TRACKING_URI=ftp://u:secret@h"))
        .hasMessageNotContaining("secret");
    for (String password : new String[] {"p@ss", "p/ss"}) {
      assertThatThrownBy(() -> server("MLFLOW_TRACKING_URI=http://user:" + password + "@host:5000"))
          .hasMessageContaining("MLFLOW_TRACKING_URI = http://…@host:5000: name a server");
    }
    assertThatThrownBy(() -> server("MLFLOW_TRACKING_URI=user:secret@host:5000"))
        .hasMessageContaining("MLFLOW_TRACKING_URI = …@host:5000: name a server");
    assertThatThrownBy(() -> server()).hasMessageContaining("MLFLOW_TRACKING_URI = unset");
  }

  @Test
  void aNestedRunHasTheGivenOneAsItsParent() {
    Map<String, String> environment =
        environment("MLFLOW_TRACKING_URI=http://h", "MLFLOW_RUN_ID=r", "MLFLOW_NESTED_RUN=1");
    MlflowConfig nested = MlflowConfig.of(environment, home, Optional.empty());
    assertThat(nested.runId()).isEmpty();
    assertThat(nested.parentRunId()).contains("r");
    environment.remove("MLFLOW_NESTED_RUN");
    MlflowConfig flat = MlflowConfig.of(environment, home, Optional.empty());
    assertThat(flat.runId()).contains("r");
    assertThat(flat.parentRunId()).isEmpty();
    assertThat(flat.logsModel()).isFalse();
    assertThat(MlflowConfig.of(environment, home, Optional.of("m")).logsModel()).isTrue();
  }

  @Test
  void refusesTagsThatAreNoObject() {
    for (String tags : new String[] {"a=b", "[1]"}) {
      Map<String, String> environment =
          environment("MLFLOW_TRACKING_URI=http://h", "MLFLOW_TAGS=" + tags);
      assertThatThrownBy(() -> MlflowConfig.of(environment, home, Optional.empty()))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("a JSON object");
    }
  }
}
