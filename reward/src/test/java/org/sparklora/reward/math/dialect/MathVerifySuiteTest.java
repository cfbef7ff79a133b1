package org.sparklora.reward.math.dialect;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.sparklora.reward.JsonLines;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.extract.Answer;
import org.sparklora.reward.math.extract.AnswerExtraction;
import org.sparklora.reward.math.extract.ExtractionTarget;
import org.sparklora.reward.math.extract.ExtractionTarget.Boxed;
import org.sparklora.reward.math.extract.ExtractionTarget.Latex;
import org.sparklora.reward.math.extract.ExtractionTarget.Normalization;
import org.sparklora.reward.math.extract.ExtractionTarget.Plain;
import org.sparklora.reward.math.extract.StringTarget;
import org.sparklora.reward.math.number.AlgebraLimit;

/** The cases of Math-Verify's own tests, with its own settings and its real results. */
class MathVerifySuiteTest {
  private static Stream<JsonNode> kind(String kind) {
    return JsonLines.read("/math/mathverify_suite.jsonl.gz").stream()
        .filter(row -> row.get("kind").asText().equals(kind));
  }

  static Stream<JsonNode> parses() {
    return kind("parse")
        .filter(row -> row.get("pred_config").get(0).get("type").asText().equals("string"));
  }

  @Test
  void comparesAsTheLibraryDoes() {
    List<String> disagreements = new ArrayList<>();
    List<String> undeserved = new ArrayList<>();
    List<JsonNode> rows = kind("verify").filter(MathVerifySuiteTest::isByDefault).toList();
    for (JsonNode row : rows) {
      boolean expected = row.get("actual").asInt() == 1;
      boolean actual = verify(row);
      if (expected != actual) {
        String line = row.get("id").asText() + ": " + row.get("gold") + " / " + row.get("pred");
        disagreements.add(line);
        if (actual) {
          undeserved.add(line);
        }
      }
    }
    assertThat(undeserved).isEmpty();
    assertThat(disagreements).isEmpty();
  }

  /** Whether the case has the settings that rewards use. */
  private static boolean isByDefault(JsonNode row) {
    JsonNode settings = row.get("verify_kwargs");
    return settings.path("strict").asBoolean(true)
        && !settings.path("allow_set_relation_comp").asBoolean(false);
  }

  private static boolean verify(JsonNode row) {
    AlgebraLimit budget = AlgebraLimit.ofMillis(MathReward.DEFAULT_BUDGET_MILLIS);
    Answer gold = extract(row, "gold", false, budget);
    Answer answer = extract(row, "pred", false, budget);
    JsonNode settings = row.get("verify_kwargs");
    VerifyConfig config = new VerifyConfig(settings.get("float_rounding").asInt(), true);
    return MathVerify.verify(gold, answer, config, budget);
  }

  private static Answer extract(JsonNode row, String side, boolean first, AlgebraLimit budget) {
    return AnswerExtraction.extract(
        row.get(side).asText(), targets(row.get(side + "_config")), first, budget);
  }

  private static List<ExtractionTarget> targets(JsonNode configs) {
    List<ExtractionTarget> targets = new ArrayList<>();
    for (JsonNode config : configs) {
      boolean withoutAnchor = config.path("try_extract_without_anchor").asBoolean(true);
      switch (config.get("type").asText()) {
        case "latex" ->
            targets.add(
                new Latex(
                    withoutAnchor,
                    config.path("boxed_match_priority").asInt(50),
                    normalization(config.path("normalization_config"))));
        case "expr" -> targets.add(new Plain(withoutAnchor));
        default -> {
          List<String> strings = new ArrayList<>();
          config.path("strings").forEach(s -> strings.add(s.asText()));
          targets.add(
              new StringTarget(
                  strings.isEmpty() ? List.of("A", "B", "C", "D") : strings,
                  withoutAnchor,
                  config.path("lowercase").asBoolean(true)));
        }
      }
    }
    return targets;
  }

  private static Normalization normalization(JsonNode config) {
    if (config.isMissingNode()) {
      return Normalization.full();
    }
    Boxed boxed =
        switch (config.path("boxed").asText("all")) {
          case "all" -> Boxed.ALL;
          case "last" -> Boxed.LAST;
          default -> Boxed.NONE;
        };
    return new Normalization(
        config.path("basic_latex").asBoolean(true),
        config.path("units").asBoolean(false),
        config.path("malformed_operators").asBoolean(false),
        config.path("nits").asBoolean(false),
        boxed);
  }

  @ParameterizedTest
  @MethodSource("parses")
  void findsStringsAsTheLibraryDoes(JsonNode row) {
    boolean first =
        row.get("parse_kwargs").path("extraction_mode").asText("any_match").equals("first_match");
    AlgebraLimit budget = AlgebraLimit.ofMillis(MathReward.DEFAULT_BUDGET_MILLIS);
    Answer answer = extract(row, "pred", first, budget);
    List<String> expected = new ArrayList<>();
    row.get("actual").forEach(word -> expected.add(word.asText()));
    assertThat(answer.words()).isEqualTo(expected);
  }
}
