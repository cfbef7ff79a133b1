package org.sparklora.prep.document;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.format.TokenizedDocument;

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
    try (DocumentFile file = new DocumentFile(HADOOP, path)) {
      documents.forEach(file::write);
    }
    for (int from = 0; from < documents.size(); from++) {
      List<TokenizedDocument> expected = documents.subList(from, documents.size());
      List<TokenizedDocument> actual = DocumentFile.read(HADOOP, path, from, expected.size());
      assertThat(actual).hasSameSizeAs(expected);
      for (int i = 0; i < expected.size(); i++) {
        assertThat(actual.get(i).inputIds()).containsExactly(expected.get(i).inputIds());
        assertThat(actual.get(i).labels()).containsExactly(expected.get(i).labels());
      }
      int first = from;
      assertThatThrownBy(() -> DocumentFile.read(HADOOP, path, first, expected.size() + 1))
          .isInstanceOf(TableException.class)
          .hasMessageContaining("run prep again");
    }
  }

  private static TokenizedDocument document(int[] ids, int[] labels) {
    return new TokenizedDocument(ids, labels);
  }
}
