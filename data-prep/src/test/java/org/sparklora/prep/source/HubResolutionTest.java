package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.hub.loopback.LoopbackEnvironment;
import org.sparklora.hub.loopback.LoopbackRepo;
import org.sparklora.pipeline.config.ConfigException;

/** Splits and configurations have the files that {@code datasets} gives them. */
class HubResolutionTest {
  private static final Path GOLDEN = Path.of("src/test/resources/hub_datasets/resolution.json");

  /** {@code datasets} refuses these; we read what is meant. */
  private static final Set<String> WE_ARE_KINDER =
      Set.of("named-folder  train", "pattern-of-nothing  train");

  @TempDir private Path folder;

  static Stream<Arguments> questions() throws IOException {
    List<Arguments> questions = new ArrayList<>();
    for (JsonNode repository : new ObjectMapper().readTree(GOLDEN.toFile()).path("cases")) {
      for (JsonNode answer : repository.path("answers")) {
        String name =
            "%s %s %s"
                .formatted(
                    repository.path("name").asText(),
                    answer.path("config").asText(),
                    answer.path("split").asText());
        questions.add(Arguments.of(name, repository, answer));
      }
    }
    return questions.stream();
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("questions")
  void asDatasetsDoes(String name, JsonNode repository, JsonNode answer) throws IOException {
    try (LoopbackEnvironment environment = LoopbackEnvironment.start(folder)) {
      LoopbackRepo remote = environment.hub().dataset("open/rows");
      if (!repository.path("card").asText().isEmpty()) {
        remote.put("README.md", "---\n%s\n---\n".formatted(repository.path("card").asText()));
      }
      repository.path("repository").forEach(path -> remote.put(path.asText(), path.asText()));
      if (answer.path("files").isArray()) {
        assertThat(find(answer)).containsExactlyElementsOf(distinct(answer.path("files")));
      } else if (WE_ARE_KINDER.contains(name)) {
        assertThat(find(answer)).isNotEmpty();
      } else {
        assertThatThrownBy(() -> find(answer)).isInstanceOf(ConfigException.class);
      }
    }
  }

  private static List<String> find(JsonNode question) throws IOException {
    List<String> paths = new ArrayList<>();
    for (DatasetFile file :
        new DatasetFiles(new Configuration())
            .find("open/rows", question.path("config").asText(), question.path("split").asText())) {
      paths.add(Files.readString(Path.of(file.hadoopPath().toUri()))); // each holds its path
    }
    return paths;
  }

  private static List<String> distinct(JsonNode paths) {
    List<String> texts = new ArrayList<>();
    paths.forEach(path -> texts.add(path.asText()));
    return texts.stream().distinct().toList();
  }
}
