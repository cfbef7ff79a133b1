package org.sparklora.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.http.HttpHeaders;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class HubConfigTest {
  private static final Path HOME = Path.of("/home/ada");

  @Test
  void defaultsAreHuggingfaceHubs() {
    HubConfig config = HubConfig.of(Map.of(), HOME);
    assertThat(config.endpoint()).hasToString("https://huggingface.co");
    assertThat(config.cache()).isEqualTo(Path.of("/home/ada/.cache/huggingface/hub"));
    assertThat(config.token()).isEmpty();
    assertThat(config.offline()).isFalse();
    assertThat(config.symlinks()).isTrue();
    assertThat(config.timeout()).isEqualTo(Duration.ofSeconds(10));
  }

  @ParameterizedTest
  @CsvSource({
    "HOME, /scratch/ada, /scratch/ada/.cache/huggingface/hub",
    "HF_HOME, /data, /data/hub",
    "HF_HOME, ~/hf, /home/ada/hf/hub",
    "XDG_CACHE_HOME, /xdg, /xdg/huggingface/hub",
    "HUGGINGFACE_HUB_CACHE, /old, /old",
    "HF_HUB_CACHE, /new, /new"
  })
  void cacheIsWhereTheVariableSays(String name, String value, Path expected) {
    assertThat(HubConfig.of(Map.of(name, value), HOME).cache()).isEqualTo(expected);
  }

  @Test
  void variablesInAPathAreReplacedAsInPython() {
    Map<String, String> environment =
        Map.of("HF_HOME", "$SCRATCH/${USER}/hf-$NONE", "SCRATCH", "/scratch", "USER", "a$b");
    assertThat(HubConfig.of(environment, HOME).cache())
        .isEqualTo(Path.of("/scratch/a$b/hf-$NONE/hub"));
  }

  @Test
  void tokenIsTheVariablesOrTheFiles(@TempDir Path folder) throws IOException {
    Files.writeString(folder.resolve("token"), "hf_file\n");
    Map<String, String> file = Map.of("HF_HOME", folder.toString());
    Map<String, String> both = Map.of("HF_HOME", folder.toString(), "HF_TOKEN", "hf_variable");
    assertThat(authorization(HubConfig.of(file, HOME))).isEqualTo("Bearer hf_file");
    assertThat(authorization(HubConfig.of(both, HOME))).isEqualTo("Bearer hf_variable");
    assertThat(
            authorization(HubConfig.of(both, HOME).withToken(Optional.of(HubToken.of("hf_flag")))))
        .isEqualTo("Bearer hf_flag");
  }

  private static String authorization(HubConfig config) {
    return config.token().orElseThrow().authorization();
  }

  @Test
  void mirrorsHaveNoSlashAtTheirEnd() {
    assertThat(HubConfig.of(Map.of("HF_ENDPOINT", "http://mirror:8080/"), HOME).endpoint())
        .hasToString("http://mirror:8080");
  }

  @ParameterizedTest
  @CsvSource({
    "HF_ENDPOINT, mirror.example",
    "HF_ENDPOINT, ftp://mirror",
    "HF_HUB_DOWNLOAD_TIMEOUT, soon",
    "HF_HUB_DOWNLOAD_TIMEOUT, 0"
  })
  void refusesWhatItCannotUse(String name, String value) {
    assertThatThrownBy(() -> HubConfig.of(Map.of(name, value), HOME))
        .hasMessageContaining("Cannot use %s = %s".formatted(name, value));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"https://user:hid/d@en@mirror", "user:hidden@mirror", "http://hidden@mirror/a"})
  void refusesAnAddressWithAPasswordWithoutShowingIt(String address) {
    assertThatThrownBy(() -> HubConfig.of(Map.of("HF_ENDPOINT", address), HOME))
        .hasMessageContaining("***@mirror", "set HF_TOKEN")
        .hasMessageNotContainingAny("hid", "user:");
  }

  @Test
  void refusesATokenThatNoHeaderCanCarryWithoutShowingIt() {
    assertThatThrownBy(() -> HubToken.of("hf_a\nX-Evil: 1"))
        .isInstanceOf(HubException.class)
        .hasMessageContaining("copy it again")
        .hasMessageNotContaining("hf_a");
  }

  @ParameterizedTest
  @CsvSource({
    "1, true",
    "true, true",
    "YES, true",
    "on, true",
    "0, false",
    "no, false",
    "'', false"
  })
  void offlineIsATrueWord(String value, boolean expected) {
    assertThat(HubConfig.of(Map.of("HF_HUB_OFFLINE", value), HOME).offline()).isEqualTo(expected);
    assertThat(HubConfig.of(Map.of("TRANSFORMERS_OFFLINE", value), HOME).offline())
        .isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "Qwen/Qwen2.5-3B-Instruct, true",
    "open-thoughts/OpenThoughts-114k, true",
    "gpt2, false",
    "a/b/c, false",
    "./model, false",
    "../model, false",
    "/model, false",
    "a/, false",
    "a--b/c, false",
    "a/b.git, false",
    "a/b..c, false",
    "hdfs://a/b, false",
    "a/*.parquet, false"
  })
  void namesOfRepositories(String text, boolean expected) {
    assertThat(HubRepo.isId(text)).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({
    "Retry-After, 7, 7",
    "RateLimit, '\"api\";r=0;t=55', 56",
    "RateLimit, '\"api\";r=12;t=55', 0",
    "Retry-After, soon, 0"
  })
  void pausesAreWhatTheServerAsksFor(String name, String value, long expectedSeconds) {
    HttpHeaders headers = HttpHeaders.of(Map.of(name, List.of(value)), (a, b) -> true);
    assertThat(RetryPause.askedFor(headers)).hasSeconds(expectedSeconds);
  }

  @ParameterizedTest
  @CsvSource({
    "'Tue, 24 Nov 2026 10:01:30 GMT', 90",
    "'Sun, 1 Nov 2026 10:00:00 GMT', 0",
    "'Tuesday, 24-Nov-26 10:01:30 GMT', 90",
    "'Tue Nov 24 10:01:30 2026', 90",
    "'Tue Dec  1 10:00:00 2026', 604800",
    "'24/11/2026', 0"
  })
  void pausesMayEndAtADate(String text, long expectedSeconds) {
    Clock clock = Clock.fixed(Instant.parse("2026-11-24T10:00:00Z"), ZoneOffset.UTC);
    assertThat(RetryPause.retryAfter(text, clock)).hasSeconds(expectedSeconds);
  }
}
