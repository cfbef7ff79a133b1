package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;

class DatasetFilesTest {
  @TempDir Path folder;

  private void touch(String... names) throws IOException {
    for (String name : names) {
      Path file = folder.resolve(name);
      Files.createDirectories(file.getParent());
      Files.writeString(file, "");
    }
  }

  private List<String> find(String dataset, String config, String split) {
    String root = folder.toUri().getPath();
    return new DatasetFiles(new Configuration())
            .find(dataset.isEmpty() ? folder.toString() : folder + "/" + dataset, config, split)
            .stream()
            .map(file -> file.hadoopPath().toUri().getPath().substring(root.length()))
            .toList();
  }

  @Test
  void listsAFolderSortedWithoutHiddenAndForeignFiles() throws IOException {
    touch(
        "b.jsonl",
        "a.parquet",
        "sub/c.csv",
        ".hidden.jsonl",
        "_SUCCESS",
        "_tmp/d.jsonl",
        "README.md");
    assertThat(find("", "", "train")).containsExactly("a.parquet", "b.jsonl", "sub/c.csv");
  }

  @Test
  void picksTheFilesNamedAfterTheSplit() throws IOException {
    touch(
        "data/train-00001-of-00002.parquet",
        "data/train-00000-of-00002.parquet",
        "data/test-00000-of-00001.parquet");
    assertThat(find("", "", "train"))
        .containsExactly("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet");
    assertThat(find("", "", "test")).containsExactly("data/test-00000-of-00001.parquet");
  }

  @Test
  void theNameOfTheSplitMustStandAsAWord() throws IOException {
    touch("trainer_notes.jsonl", "strain.jsonl");
    assertThat(find("", "", "train")).containsExactly("strain.jsonl", "trainer_notes.jsonl");
    touch("my_train.jsonl");
    assertThat(find("", "", "train")).containsExactly("my_train.jsonl");
  }

  @Test
  void refusesASplitThatIsNotThereWhileOthersAre() throws IOException {
    touch("data/test-00000-of-00001.parquet");
    assertThatThrownBy(() -> find("", "", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_train_split = train")
        .hasMessageContaining("test-00000-of-00001.parquet");
  }

  @Test
  void aFileNamedOutrightAndAGlobAreTakenAsTheyAre() throws IOException {
    touch("test.jsonl", "test2.jsonl", "train.jsonl");
    assertThat(find("test.jsonl", "", "train")).containsExactly("test.jsonl");
    assertThat(find("test*.jsonl", "", "train")).containsExactly("test.jsonl", "test2.jsonl");
  }

  @Test
  void slicesOfASplitAreRefusedAlsoOfOneFile() throws IOException {
    touch("train.jsonl");
    for (String dataset : List.of("", "train.jsonl")) {
      assertThatThrownBy(() -> find(dataset, "", "train[:10%]"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("dataset_train_split = train[:10%]: slices of a split");
    }
  }

  @Test
  void takesTheSubfolderOfAConfig() throws IOException {
    touch("main/train.jsonl", "socratic/train.jsonl");
    assertThat(find("", "socratic", "train")).containsExactly("socratic/train.jsonl");
    assertThatThrownBy(() -> find("", "nonesuch", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_config = nonesuch");
  }

  @Test
  void aSplitIsNamedBelowTheDatasetAlone() throws IOException {
    touch("math/train/a.jsonl", "math/train/math/b.jsonl", "math/test/c.jsonl");
    assertThat(find("math", "", "train"))
        .containsExactly("math/train/a.jsonl", "math/train/math/b.jsonl");
    assertThat(find("math/.", "", "test")).containsExactly("math/test/c.jsonl");
  }

  @Test
  void anExistingFileOrFolderIsTakenWhateverItsName() throws IOException {
    touch("_raw/train.jsonl", "_raw/_old/a.jsonl", ".data.jsonl", "train[1].jsonl", "train1.jsonl");
    assertThat(find("_raw", "", "train")).containsExactly("_raw/train.jsonl");
    assertThat(find(".data.jsonl", "", "train")).containsExactly(".data.jsonl");
    assertThat(find("train[1].jsonl", "", "train")).containsExactly("train[1].jsonl");
    assertThat(find("*.jsonl", "", "train")).containsExactly("train1.jsonl", "train[1].jsonl");
  }

  @Test
  void aWildcardStandsForNoHiddenFolder() throws IOException {
    touch(
        "set/a/x.jsonl",
        "set/.ipynb_checkpoints/x.jsonl",
        "set/_old/x.jsonl",
        "set/_old/b/x.jsonl");
    assertThat(find("set/*/x.jsonl", "", "train")).containsExactly("set/a/x.jsonl");
    assertThat(find("set/_old/*/x.jsonl", "", "train")).containsExactly("set/_old/b/x.jsonl");
  }

  @Test
  void filesAboutADatasetHoldNoneOfItsRows() throws IOException {
    touch("rows.jsonl", "dataset_info.json", "config.json");
    assertThat(find("", "", "train")).containsExactly("rows.jsonl");
    assertThat(find("config.json", "", "train")).containsExactly("config.json");
  }

  @Test
  void aCompressedFileThatCannotBeReadIsNotSkipped() throws IOException {
    touch("a.jsonl", "b.jsonl.zst");
    for (String dataset : List.of("", "b.jsonl.zst")) {
      assertThatThrownBy(() -> find(dataset, "", "train"))
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("b.jsonl.zst: a file compressed like this cannot be read");
    }
  }

  @Test
  void aDatasetOfSaveToDiskIsNotTheJsonBesideItsRows() throws IOException {
    touch("set/dataset_dict.json", "set/train/data-00000-of-00001.arrow", "set/train/state.json");
    assertThatThrownBy(() -> find("set", "", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("data-00000-of-00001.arrow: Arrow files")
        .hasMessageContaining("to_parquet");
  }

  @Test
  void foldersAboveTheDatasetAreNoConfigs() throws IOException {
    touch("main/gsm8k/main/train.jsonl", "main/gsm8k/socratic/train.jsonl");
    assertThat(find("main/gsm8k", "main", "train")).containsExactly("main/gsm8k/main/train.jsonl");
    assertThat(find("main/gsm8k/*", "main", "train"))
        .containsExactly("main/gsm8k/main/train.jsonl");
    assertThatThrownBy(() -> find("main/gsm8k/socratic", "main", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_config = main");
  }

  @Test
  void theOnlyFileOfAFolderIsNotNamedOutright() throws IOException {
    touch("parquet/test.parquet");
    assertThat(find("parquet", "", "test")).containsExactly("parquet/test.parquet");
    assertThatThrownBy(() -> find("parquet", "", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_train_split = train");
  }

  @Test
  void refusesWhatIsNotThereOrCannotBeRead() throws IOException {
    touch("notes/readme.txt");
    assertThatThrownBy(() -> find("nonesuch", "", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("there is no such file or folder");
    assertThatThrownBy(() -> find("notes", "", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining(".jsonl");
  }
}
