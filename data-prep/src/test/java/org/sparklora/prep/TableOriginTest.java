package org.sparklora.prep;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;

class TableOriginTest {
  private static final Map<String, Object> PLAIN = Map.of("dataset_name", "data.jsonl");

  private static Map<String, Object> with(String name, Object value) {
    Map<String, Object> settings = new HashMap<>(PLAIN);
    settings.put(name, value);
    return settings;
  }

  private static TableManifest.Inputs inputs(Map<String, Object> settings, String fingerprint) {
    return new TableManifest.Inputs(
        1, settings, "", "", "", Map.of(), fingerprint, Map.of(), List.of());
  }

  private static Settings decided(
      Map<String, Object> made, Settings settings, Map<String, Object> wanted) {
    return origin(inputs(made, "")).decided(settings, wanted, Map.of());
  }

  private static TableOrigin origin(TableManifest.Inputs inputs) {
    return new TableOrigin("table", "model", inputs);
  }

  @Test
  void aSettingThatTheTableWasMadeWithoutIsRefused() {
    Settings grpo =
        CommandLine.parse("grpo", List.of("--chat_template_kwargs", "{\"enable_thinking\": false}"))
            .settings();
    Map<String, Object> kwargs = with("chat_template_kwargs", Map.of("enable_thinking", false));
    assertThatThrownBy(() -> decided(PLAIN, grpo, kwargs))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("it was made with chat_template_kwargs unset")
        .hasMessageContaining("made of, data.jsonl");
    assertThat(decided(kwargs, grpo, kwargs)).isSameAs(grpo);

    Settings sft = CommandLine.parse("sft", List.of("--pack_within_source")).settings();
    Map<String, Object> within = with("pack_within_source", true);
    assertThatThrownBy(() -> decided(PLAIN, sft, within))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("it was made with pack_within_source unset");
    assertThat(decided(within, sft, within)).isSameAs(sft);
  }

  private static TableManifest.Inputs of(String version, String timeZone) {
    Map<String, Object> table = Map.of("version", version, "time_zone", timeZone);
    return new TableManifest.Inputs(
        1, PLAIN, "", "", "", Map.of(), version + timeZone, table, List.of());
  }

  @Test
  void aTableOfAnotherVersionOrTimeZoneIsNotReplaced() {
    Map.of(
            of("4", "UTC"), "made with version 3 of the dataset (now 4)",
            of("3", "Asia/Tokyo"), "made with another time zone of the session")
        .forEach(
            (now, says) ->
                assertThatThrownBy(
                        () ->
                            origin(of("3", "UTC")).requireReplaceable(Flags.OUTPUT_DIR, false, now))
                    .isInstanceOf(ConfigException.class)
                    .hasMessageContaining(says));
  }

  @Test
  void aTableMadeWithASettingThatIsNowUnsetIsNotReplaced() {
    Map<String, Object> settings =
        Map.of(
            "pack_within_source",
            true,
            "chat_template_kwargs",
            Map.of("enable_thinking", false),
            "dataset_test_split",
            "id > 3");
    settings.forEach(
        (name, value) ->
            assertThatThrownBy(
                    () ->
                        origin(inputs(with(name, value), "before"))
                            .requireReplaceable(Flags.PACKED_DIR, false, inputs(PLAIN, "now")))
                .isInstanceOf(ConfigException.class)
                .hasMessageContaining("made with %s %s (now unset)".formatted(name, value)));
  }
}
