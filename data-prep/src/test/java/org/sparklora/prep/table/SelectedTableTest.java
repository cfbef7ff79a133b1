package org.sparklora.prep.table;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class SelectedTableTest {
  @Test
  void aSampleMayHaveTextsAsLongAsARow() throws JsonProcessingException {
    Map<String, Object> sample = new LinkedHashMap<>();
    String novel = "a".repeat(21_000_000);
    SelectedTable.take(sample, "{\"text\":\"" + novel + "\",\"n\":1}");
    SelectedTable.take(sample, "{\"text\":\"b\",\"n\":2}");
    assertThat(sample).containsEntry("n", 1);
    assertThat((String) sample.get("text")).hasSize(novel.length());
  }
}
