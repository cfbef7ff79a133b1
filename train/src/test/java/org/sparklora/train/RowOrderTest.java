package org.sparklora.train;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class RowOrderTest {
  private static final int CHECKSUM_MODULUS = 1_000_003;

  @Test
  void randomOrderIsTorchsPermutation() throws IOException {
    JsonNode cases =
        new ObjectMapper().readTree(getClass().getResourceAsStream("/torch/randperm.json"));
    for (JsonNode expected : cases) {
      int[] rows =
          RowOrder.RANDOM.rows(
              expected.get("n").asInt(),
              expected.get("seed").asLong(),
              expected.get("epoch").asInt());
      long checksum =
          IntStream.range(0, rows.length).mapToLong(i -> (i + 1L) * rows[i]).sum()
              % CHECKSUM_MODULUS;
      assertThat(checksum).as(expected.toString()).isEqualTo(expected.get("checksum").asLong());
      if (!expected.get("order").isNull()) {
        assertThat(rows)
            .containsExactly(new ObjectMapper().convertValue(expected.get("order"), int[].class));
      }
    }
  }

  @Test
  void sequentialOrderIsTheTables() {
    assertThat(RowOrder.SEQUENTIAL.rows(4, 42, 1)).containsExactly(0, 1, 2, 3);
  }
}
