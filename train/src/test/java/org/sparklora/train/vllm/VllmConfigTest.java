package org.sparklora.train.vllm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.sparklora.pipeline.config.CommandLine;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Settings;

class VllmConfigTest {
  private static VllmConfig config(String flag, String value) {
    Settings settings =
        CommandLine.parse("generate", List.of("--use_vllm", "--vllm_mode", "server", flag, value))
            .settings();
    return VllmConfig.of(settings, "adapters").orElseThrow();
  }

  private static List<String> urls(String addresses) {
    return config("--vllm_server_base_url", addresses).urls();
  }

  @Test
  void addressesThatJavaCannotCallAreRefused() {
    assertThat(urls("http://gpu-1:8000/v1/,https://[::1]:8000/my_proxy,http://gpu-2:65535"))
        .containsExactly("http://gpu-1:8000", "https://[::1]:8000/my_proxy", "http://gpu-2:65535");
    assertThatThrownBy(() -> urls("http://vllm_1:8000"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_server_base_url = http://vllm_1:8000")
        .hasMessageContaining("the IP address of a host with an underscore in its name");
    for (String address :
        List.of(
            "http://gpu-1:80O0",
            "http://gpu-1:80:81",
            "http://gpu-1:65536",
            "http://gpu-1:80000",
            "http://gpu%1:8000",
            "http://gpu-1#x",
            "http://::1:80")) {
      assertThatThrownBy(() -> urls(address))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("vllm_server_base_url = %s: write the address".formatted(address));
    }
  }

  @Test
  void aPasswordInAnAddressIsNotShown() {
    assertThatThrownBy(() -> urls("http://eve:pass,word@gpu-1:8000,http://gpu-2"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_server_base_url = …@gpu-1:8000,http://gpu-2: leave the user")
        .hasMessageContaining("VLLM_API_KEY")
        .hasMessageNotContainingAny("eve", "pass", "word");
    assertThatThrownBy(() -> urls("https://gpu-1/v1?api_key=secret"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("vllm_server_base_url = https://gpu-1/v1?…: write the address")
        .hasMessageNotContaining("secret");
  }

  /** Java waits at least a millisecond, and no longer than a long counts nanoseconds. */
  @Test
  void anyTimeoutCanBeWaitedFor() {
    assertThat(config("--vllm_server_timeout", "240").timeout()).isEqualTo(Duration.ofMinutes(4));
    assertThat(config("--vllm_server_timeout", "0.0001").timeout()).isEqualTo(Duration.ofMillis(1));
    assertThat(config("--vllm_server_timeout", "1e10").timeout().toNanos())
        .isEqualTo(1_000_000_000_000_000_000L);
  }
}
