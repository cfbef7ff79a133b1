package org.sparklora.prep.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.tokenize.TokenizedDocument;

class DocumentFileTest {
  private static final Configuration HADOOP = new Configuration();

  @TempDir Path folder;

  @Test
  void readsEveryKindOfLabelsBackAndSkips() {
    var path = new org.apache.hadoop.fs.Path(folder.resolve("documents").toString());
    List<TokenizedDocument> documents =
        List.of(
            document(new int[] {1, 2, 3}, new int[] {1, 2, 3}),
            document(new int[] {1, 2, 3}, new int[] {-100, -100, 3}),
            document(new int[] {1, 2, 3}, new int[] {1, -100, 3}),
            document(new int[] {1, 2}, new int[] {-100, 99}), // labels of another's making
            document(new int[] {1, 2}, new int[] {-100, -100}),
            document(new int[0], new int[0]),
            document(new int[] {Integer.MAX_VALUE}, new int[] {Integer.MAX_VALUE}));
    try (DocumentFile.Writer writer = new DocumentFile.Writer(HADOOP, path)) {
      documents.forEach(writer::write);
    }
    for (int from = 0; from < documents.size(); from++) {
      try (DocumentFile.Reader reader = new DocumentFile.Reader(HADOOP, path)) {
        reader.skip(from);
        for (TokenizedDocument expected : documents.subList(from, documents.size())) {
          TokenizedDocument actual = reader.next();
          assertThat(actual.inputIds()).containsExactly(expected.inputIds());
          assertThat(actual.labels()).containsExactly(expected.labels());
        }
        assertThatThrownBy(reader::next)
            .isInstanceOf(TableException.class)
            .hasMessageContaining("run prep again");
      }
    }
  }

  private static TokenizedDocument document(int[] ids, int[] labels) {
    return new TokenizedDocument(ids, labels);
  }
}
