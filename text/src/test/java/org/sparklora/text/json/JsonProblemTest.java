package org.sparklora.text.json;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonProblemTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  record Inner(int count, boolean whole) {}

  record Outer(String name, List<Inner> parts, Map<String, Double> sums) {}

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "[1]; it is not an object",
        "{\"name\": {}}; name is not a text",
        "{\"parts\": {}}; parts is not a list",
        "{\"parts\": [{\"count\": 1}, {\"count\": \"many\"}]}; parts[1].count is not a number",
        "{\"parts\": [{\"whole\": \"perhaps\"}]}; parts[0].whole is not true or false",
        "{\"sums\": {\"loss\": []}}; sums.loss is not a number",
        "{\"nme\": \"x\"}; nme is not known",
      })
  void namesTheFieldAndWhatItIsNot(String json, String problem) {
    JsonProcessingException thrown =
        catchThrowableOfType(
            JsonProcessingException.class, () -> JSON.readValue(json, Outer.class));

    assertThat(JsonProblem.of(thrown)).isEqualTo(problem);
  }

  @Test
  void readsWhatAConversionThrew() {
    IllegalArgumentException thrown =
        catchThrowableOfType(
            IllegalArgumentException.class,
            () -> JSON.convertValue(List.of(1), new TypeReference<List<Map<String, Object>>>() {}));

    assertThat(JsonProblem.of(thrown)).isEqualTo("[0] is not an object");
  }

  @Test
  void keepsAParsersWordsOnBadSyntax() {
    JsonProcessingException thrown =
        catchThrowableOfType(JsonProcessingException.class, () -> JSON.readTree("{\"a\": nul}"));

    assertThat(JsonProblem.of(thrown)).startsWith("Unrecognized token 'nul'").doesNotContain("\n");
  }
}
