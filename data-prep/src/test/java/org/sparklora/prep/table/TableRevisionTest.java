package org.sparklora.prep.table;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TableRevisionTest {
  @ParameterizedTest
  @CsvSource({
    "2026-11-01, 2026-11-01T00:00:00Z",
    "2026-11-01 12:30, 2026-11-01T12:30:00Z",
    "2026-11-01T12:30:05.25, 2026-11-01T12:30:05.250Z",
    "2026-11-01T12:30:05Z, 2026-11-01T12:30:05Z",
    "2026-11-01T00:30+02:00, 2026-10-31T22:30:00Z"
  })
  void aTimeIsOfUtcUnlessItHasAZone(String revision, String time) {
    assertThat(TableRevision.of(revision).time()).contains(Instant.parse(time));
  }

  @Test
  void digitsAreANumberAndOtherTextAName() {
    assertThat(TableRevision.of("7").number()).contains(7L);
    assertThat(TableRevision.of("2026-13-01").text()).isEqualTo("2026-13-01");
    assertThat(TableRevision.of("2026-13-01").time()).isEmpty();
    assertThat(TableRevision.of("").isCurrent()).isTrue();
  }
}
