package org.sparklora.observe.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.Socket;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;

class LiveReportTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path run;
  private LiveReport report;

  @BeforeEach
  void serve() throws IOException {
    log("{\"step\": 1, \"reward\": 0.25}\n{\"step\": 2, \"reward\": 0.5}\n{\"step\": 3, \"rew");
    LoggedRows.write(
        run,
        2,
        List.of(
            LoggedRows.row("<script>alert(1)</script> {{nonce}}", 1),
            LoggedRows.row("two", 0),
            LoggedRows.row("three", 0)));
    report = start(0);
  }

  private LiveReport start(int port) throws IOException {
    Configuration hadoop = new Configuration();
    RunLog log = RunLog.begun(hadoop, run.toString()).named("a <b>");
    return LiveReport.start(hadoop, "", List.of(run.toString()), List.of(log), port);
  }

  @AfterEach
  void end() {
    report.close();
  }

  private void log(String text) throws IOException {
    Files.writeString(
        run.resolve("metrics.jsonl"), text, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
  }

  private HttpResponse<String> get(String path) throws IOException, InterruptedException {
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(report.address().resolve(path)).build(),
            HttpResponse.BodyHandlers.ofString());
  }

  /** As it is written: a client would put paths and hosts in order. */
  private String status(String request, String host) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", report.address().getPort())) {
      OutputStream out = socket.getOutputStream();
      out.write(
          "%s HTTP/1.1\r\n%sConnection: close\r\n\r\n"
              .formatted(request, host.isEmpty() ? "" : "Host: " + host + "\r\n")
              .getBytes(StandardCharsets.UTF_8));
      return reader(socket).readLine();
    }
  }

  private static BufferedReader reader(Socket socket) throws IOException {
    return new BufferedReader(
        new InputStreamReader(socket.getInputStream(), StandardCharsets.UTF_8));
  }

  @Test
  void onlyNamesOfThisMachineAreAnswered() throws IOException {
    assertThat(report.address().getHost()).isEqualTo("127.0.0.1");
    for (String host : List.of("localhost", "LOCALHOST:1234", "127.0.0.1:80", "[::1]:9")) {
      assertThat(status("GET /", host)).as(host).contains("200");
    }
    for (String host :
        List.of("example.org", "localhost.example.org", "127.0.0.1.example.org", "192.168.0.1")) {
      assertThat(status("GET /", host)).as(host).contains("403");
      assertThat(status("GET /events", host)).as(host).contains("403");
      assertThat(status("GET /completions", host)).as(host).contains("403");
    }
    assertThat(status("GET /", "")).contains("40");
  }

  @Test
  void nothingThatIsAskedForIsAFile() throws IOException {
    for (String path :
        List.of("/metrics.jsonl", "/../metrics.jsonl", "/%2e%2e/etc/passwd", "//etc/passwd")) {
      assertThat(status("GET " + path, "localhost")).as(path).contains("404");
    }
    assertThat(status("POST /", "localhost")).contains("405");
    assertThat(status("GET /completions?run=7", "localhost")).contains("400");
    assertThat(status("GET /completions?run=-1", "localhost")).contains("400");
    assertThat(status("GET /completions?step=x", "localhost")).contains("400");
  }

  @Test
  void thePageHoldsWhatIsLoggedAndNoHalfLine() throws Exception {
    String page = get("/").body();

    assertThat(page)
        .contains("<title>a &lt;b&gt;</title>")
        .doesNotContain("<b>")
        .doesNotContain("{{")
        .doesNotContain("http:");
    String data =
        page.split("<script type=\"application/json\" id=\"data\">")[1].split("</script>")[0];
    JsonNode reward = JSON.readTree(data).at("/runs/0/curves/reward");
    assertThat(reward.path("steps").toString()).isEqualTo("[1.0,2.0]");
    assertThat(reward.path("values").toString()).isEqualTo("[0.25,0.5]");
  }

  @Test
  void completionsComeAsTextPageByPage() throws Exception {
    HttpResponse<String> all = get("completions?limit=2");
    JsonNode rows = JSON.readTree(all.body());

    assertThat(all.headers().firstValue("Content-Type"))
        .contains("application/json; charset=utf-8");
    assertThat(all.headers().firstValue("X-Content-Type-Options")).contains("nosniff");
    assertThat(rows.path("matching").asInt()).isEqualTo(3);
    assertThat(rows.path("more").asBoolean()).isTrue();
    assertThat(rows.at("/rows/0/completion/0/content").asText())
        .isEqualTo("<script>alert(1)</script> {{nonce}}");
    JsonNode found = JSON.readTree(get("completions?verdict=wrong&text=THREE").body());
    assertThat(found.path("rows")).hasSize(1);
    assertThat(found.at("/rows/0/rewards/accuracy_reward").asDouble()).isZero();
  }

  @Test
  void newRowsAreToldAndOnlyThey() throws Exception {
    try (Socket socket = new Socket("127.0.0.1", report.address().getPort())) {
      socket.setSoTimeout(20_000);
      socket
          .getOutputStream()
          .write(
              "GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes(StandardCharsets.UTF_8));
      BufferedReader events = reader(socket);
      JsonNode all = next(events);
      assertThat(all.at("/runs/0/curves/reward/from").asInt()).isZero();
      assertThat(all.at("/runs/0/curves/reward/steps")).hasSize(2);

      log("ard\": 0.75}\n{\"step\": 4, \"reward\": 1");

      JsonNode more = next(events);
      assertThat(more.at("/runs/0/curves/reward/from").asInt()).isEqualTo(2);
      assertThat(more.at("/runs/0/curves/reward/values").toString()).isEqualTo("[0.75]");
      assertThat(more.path("version")).isNotEqualTo(all.path("version"));

      // resumed from a checkpoint: the log is shorter, and goes on otherwise
      Files.writeString(
          run.resolve("metrics.jsonl"),
          "{\"step\": 1, \"reward\": 0.25}\n{\"step\": 2, \"reward\": 0}\n");

      JsonNode resumed = next(events);
      assertThat(resumed.at("/runs/0/curves/reward/from").asInt()).isEqualTo(1);
      assertThat(resumed.at("/runs/0/curves/reward/values").toString()).isEqualTo("[0.0]");
    }
  }

  private static JsonNode next(BufferedReader events) throws IOException {
    for (String line = events.readLine(); line != null; line = events.readLine()) {
      if (line.startsWith("data: ")) {
        return JSON.readTree(line.substring("data: ".length()));
      }
    }
    throw new IOException("The stream has ended");
  }

  @Test
  void whileAFileIsHalfWrittenTheLastContentStays() throws IOException {
    Configuration hadoop = new Configuration();
    List<String> folders = List.of(run.toString());
    RunLog begun = RunLog.begun(hadoop, run.toString());
    WatchedRuns watched = new WatchedRuns(hadoop, folders, List.of(begun));
    Path settings = Files.writeString(run.resolve("grpo_config.yaml"), "seed: [1");

    watched.look();
    assertThat(watched.state().runs()).containsExactly(begun);

    Files.writeString(settings, "seed: 1\n");
    watched.look();
    assertThat(watched.state().runs().get(0).settings()).containsEntry("seed", 1);
  }

  @Test
  void aPortThatIsTakenIsRefused() {
    int taken = report.address().getPort();

    assertThatThrownBy(() -> start(taken))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("port = " + taken)
        .hasMessageContaining("taken");
  }

  @Test
  void aRunThatHasJustBegunIsServed() throws Exception {
    report.close();
    Files.writeString(run.resolve("metrics.jsonl"), "");
    report = start(0);

    assertThat(get("/").statusCode()).isEqualTo(200);
  }
}
