package org.sparklora.prep.source;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.hub.loopback.LoopbackEnvironment;
import org.sparklora.hub.loopback.LoopbackRepo;
import org.sparklora.pipeline.config.ConfigException;

class HubDatasetTest {
  private static final String ID = "open/thoughts";

  @TempDir Path folder;
  private LoopbackEnvironment environment;
  private LoopbackRepo remote;

  @BeforeEach
  void start() throws IOException {
    environment = LoopbackEnvironment.start(folder);
    remote = environment.hub().dataset(ID).put(".gitattributes", "x");
  }

  @AfterEach
  void stop() {
    environment.close();
  }

  private void put(String... paths) {
    for (String path : paths) {
      remote.put(path, path);
    }
  }

  private List<DatasetFile> files(String dataset, String config, String split) {
    return new DatasetFiles(new Configuration()).find(dataset, config, split);
  }

  /** What the found files hold, which is their path in the repository. */
  private List<String> find(String config, String split) {
    return files(ID, config, split).stream().map(HubDatasetTest::contents).toList();
  }

  private static String contents(DatasetFile file) {
    try {
      return Files.readString(Path.of(file.hadoopPath().toUri()));
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void readsWhatTheCardDeclares() {
    // as open-thoughts/OpenThoughts-114k has it
    remote.put(
        "README.md",
        """
        ---
        license: apache-2.0
        configs:
        - config_name: default
          data_files:
          - split: train
            path: data/train-*
        - config_name: metadata
          data_files:
          - split: train
            path: metadata/train-*
        ---
        # A dataset
        """);
    put("data/train-00001-of-00002.parquet", "data/train-00000-of-00002.parquet");
    put("metadata/train-00000-of-00001.parquet");
    assertThat(find("", "train"))
        .containsExactly("data/train-00000-of-00002.parquet", "data/train-00001-of-00002.parquet");
    assertThat(find("metadata", "train")).containsExactly("metadata/train-00000-of-00001.parquet");
    assertThatThrownBy(() -> find("other", "train"))
        .hasMessageContaining("dataset_config = other")
        .hasMessageContaining("default, metadata");
    assertThatThrownBy(() -> find("", "test"))
        .hasMessageContaining("dataset_train_split = test")
        .hasMessageContaining("has the splits train");
  }

  @Test
  void whatACardSaysIsShownInOneShortLineThatSteersNoTerminal() {
    String names = "- config_name: \"a\\e[2J\\nb\"\n".repeat(400);
    remote.put("README.md", "---\nconfigs:\n" + names + "---\n");
    put("train.jsonl");
    assertThatThrownBy(() -> find("none", "train"))
        .hasMessageContaining("a\uFFFD[2J b, ")
        .satisfies(failure -> assertThat(failure.getMessage()).hasSizeLessThan(1000))
        .satisfies(failure -> assertThat(failure.getMessage()).doesNotContain("\u001b", "\n"));
  }

  @Test
  void takesTheConfigurationThatIsMeant() {
    // as openai/gsm8k has it, whose two configurations have neither the name nor the mark
    String configs =
        """
        ---
        configs:
        - config_name: main
          data_files: [{split: train, path: main/train-*}, {split: test, path: main/test-*}]
        - config_name: socratic%s
          data_files: {train: socratic/train.jsonl}
        ---
        """;
    remote.put("README.md", configs.formatted(""));
    put("main/train-0.parquet", "main/test-0.parquet", "socratic/train.jsonl");
    assertThatThrownBy(() -> find("", "train"))
        .hasMessageContaining("dataset_config = nothing")
        .hasMessageContaining("main, socratic");
    assertThat(find("main", "test")).containsExactly("main/test-0.parquet");
    remote.put("README.md", configs.formatted("\n  default: true"));
    // a client keeps to the commit it saw first
    assertThat(files(ID + "@" + remote.head(), "", "train"))
        .extracting(HubDatasetTest::contents)
        .containsExactly("socratic/train.jsonl");
  }

  @Test
  void patternsWithoutASplitAreForTraining() {
    remote.put(
        "README.md", "---\nconfigs:\n- config_name: x\n  data_files: ['b.csv', '*.csv']\n---\n");
    put("a.csv", "b.csv", "sub/c.csv");
    assertThat(find("", "train")).containsExactly("b.csv", "a.csv");
  }

  @Test
  void namesTellInAConfigurationsFolder() {
    remote.put("README.md", "---\nconfigs:\n- config_name: x\n  data_dir: ./en/\n---\n");
    put("en/train.jsonl", "en/dev.jsonl", "de/train.jsonl");
    assertThat(find("", "train")).containsExactly("en/train.jsonl");
    assertThat(find("", "validation")).containsExactly("en/dev.jsonl");
  }

  @Test
  void namesTellWhereTheCardIsSilent() {
    remote.put("README.md", "---\nlicense: mit\n---\n");
    put("data/train-00000-of-00001.parquet", "data/test-00000-of-00001.parquet");
    assertThat(find("", "train")).containsExactly("data/train-00000-of-00001.parquet");
    assertThat(find("", "test")).containsExactly("data/test-00000-of-00001.parquet");
  }

  @Test
  void foldersAreConfigurationsWhereTheCardIsSilent() {
    put("main/train-0.parquet", "other/train-0.parquet");
    assertThat(find("main", "train")).containsExactly("main/train-0.parquet");
    assertThatThrownBy(() -> find("third", "train")).hasMessageContaining("dataset_config = third");
  }

  @Test
  void namesMayHaveSpacesAndPercentSigns() {
    put("100% my train.jsonl");
    assertThat(find("", "train")).containsExactly("100% my train.jsonl");
  }

  @Test
  void readsEachRowOnceThoughItLiesThereTwice() {
    put("a.jsonl", "a.parquet", "config.json", "dataset_infos.json", "__tmp/x.parquet");
    assertThat(find("", "train")).containsExactly("a.parquet");
    put("b.jsonl");
    assertThat(files(ID + "@" + remote.head(), "", "train"))
        .extracting(HubDatasetTest::contents)
        .containsExactly("a.jsonl", "b.jsonl");
  }

  @Test
  void aCompressedFileThatCannotBeReadIsNotLeftOut() {
    put("train-0.jsonl", "train-1.jsonl.zst", "test.jsonl");
    assertThat(find("", "test")).containsExactly("test.jsonl");
    assertThatThrownBy(() -> find("", "train"))
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("dataset_name = " + ID)
        .hasMessageContaining("its file train-1.jsonl.zst is compressed")
        .hasMessageContaining("--dataset_revision refs/convert/parquet");
    String card = "---\nconfigs:\n- config_name: x\n  data_files: '%s'\n---\n";
    for (String path : List.of("train*", "train-1.jsonl.zst")) {
      remote.put("README.md", card.formatted(path));
      assertThatThrownBy(() -> files(ID + "@" + remote.head(), "", "train"))
          .hasMessageContaining("its file train-1.jsonl.zst is compressed");
    }
  }

  @Test
  void aCompressedCopyInAnotherFormatMayLieBesideTheRows() {
    put("train.parquet", "train.csv.zip");
    assertThat(find("", "train")).containsExactly("train.parquet");
  }

  @Test
  void aCompressedCopyMayLieBesideItsFile() {
    put("train.csv", "train.csv.zip", "test.jsonl.zst");
    assertThat(find("", "train")).containsExactly("train.csv");
    assertThatThrownBy(() -> find("", "test")).hasMessageContaining("its file test.jsonl.zst is");
  }

  @Test
  void runsNoScripts() {
    put("thoughts.py", "data/train.jsonl");
    assertThatThrownBy(() -> find("", "train"))
        .hasMessageContaining("made by a script, thoughts.py")
        .hasMessageContaining("--dataset_revision refs/convert/parquet");
  }

  @Test
  void saysWhatItCannotRead() {
    put("train.arrow", "state.json", "train.zip");
    assertThatThrownBy(() -> find("", "train")).hasMessageContaining(".parquet, .jsonl");
    remote.put("README.md", "---\nconfigs: [: bad\n---\n");
    assertThatThrownBy(() -> files(ID + "@" + remote.head(), "", "train"))
        .hasMessageContaining("head of its README.md cannot be understood");
  }

  @Test
  void filesHaveTheSameFingerprintOnEachDownload() {
    put("train.jsonl");
    DatasetFile file = files(ID, "", "train").get(0);
    assertThat(file.path()).contains("/snapshots/" + remote.head() + "/");
    assertThat(file.bytes()).isEqualTo("train.jsonl".length());
    assertThat(file.downloaded()).isTrue();
  }

  @Test
  void executorsReadCopies() throws IOException {
    put("a/train.jsonl", "b/train.jsonl");
    Path shared = folder.resolve("shared");
    DatasetSplits cut = new DatasetSplits(new Configuration());
    List<DatasetSplit> splits = cut.of(files(ID, "", "train"), problem -> {});
    List<DatasetFile> copies =
        cut.copies(splits, new org.apache.hadoop.fs.Path(shared.toUri())).stream()
            .map(DatasetSplit::file)
            .toList();
    assertThat(copies)
        .extracting(file -> contents(file))
        .containsExactly("a/train.jsonl", "b/train.jsonl");
    assertThat(copies).allMatch(file -> file.path().contains("/shared/"));
  }

  @Test
  void aLocalFolderWins() {
    assertThatThrownBy(() -> files("src/main/java", "", "train"))
        .hasMessageContaining("src/main/java")
        .hasMessageContaining("format that can be read");
    assertThat(environment.hub().faults().requests()).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "data/train-*, data/train-0.parquet, true",
    "data/train-*, data/more/train-0.parquet, false",
    "**, a/b/c.jsonl, true",
    "**/train.jsonl, train.jsonl, true",
    "**/train.jsonl, a/b/train.jsonl, true",
    "*.jsonl, a/b.jsonl, false",
    "data/train-[0-9][0-9]-*, data/train-07-of.parquet, true",
    "data/train-[0-9][0-9]-*, data/train-x7-of.parquet, false",
    "train-[!0]*, train-1.csv, true",
    "train-[!0]*, train-0.csv, false",
    "a?c.csv, abc.csv, true",
    "a?c.csv, a/c.csv, false",
    "./a.csv, a.csv, true",
    "data, data/x/y.csv, true",
    "data/, data/x.csv, true",
    "data/*, data/x/y.csv, false",
    "a+b(c).csv, a+b(c).csv, true",
    "a[b.csv, a[b.csv, true",
    "a]*.csv, a]b.csv, true",
    "***.csv, a/b.csv, true",
    "a[z-y]*.csv, az.csv, false",
    "a[x-].csv, a-.csv, true",
    "a[!]*.csv, a!.csv, true"
  })
  void patterns(String pattern, String path, boolean expected) {
    assertThat(RepoGlob.of(pattern).matches(path)).isEqualTo(expected);
  }

  @Test
  @Timeout(value = 20, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void aPatternOfManyStarsIsMatchedInTime() {
    RepoGlob stars = RepoGlob.of("a*".repeat(30) + "b");
    assertThat(stars.matches("a".repeat(200))).isFalse();
    assertThat(stars.matches("a".repeat(200) + "b")).isTrue();
  }
}
