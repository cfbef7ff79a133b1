package org.sparklora.spark.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.CommonConfigurationKeysPublic;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.HadoopSettings;
import org.sparklora.pipeline.model.OtherFileSystem;
import org.sparklora.train.TestModels;

/** Settings of Spark that reach commands which open no session. */
class PropertiesFileTest {
  private static final List<String> USED =
      List.of(
          PropertiesFile.PROPERTY,
          "spark.hadoop.fs.other.impl",
          "spark.hadoop.test.first",
          "spark.hadoop.test.second",
          "spark.jars.packages",
          "spark.submit.deployMode",
          "spark.app.submitTime");

  @TempDir Path folder;

  @AfterEach
  void forget() {
    USED.forEach(System::clearProperty);
  }

  private void settings(String text) throws IOException {
    Path file = Files.writeString(folder.resolve("settings.conf"), text);
    System.setProperty(PropertiesFile.PROPERTY, file.toString());
  }

  @Test
  void settingsOfTheFileReachHadoopUnlessTheCommandLineHasThem() throws IOException {
    settings("# a remark\nspark.hadoop.test.first   file \nspark.hadoop.test.second=file\n");
    System.setProperty("spark.hadoop.test.second", "command line");

    PropertiesFile.apply();

    Configuration hadoop = HadoopSettings.configuration();
    assertThat(hadoop.get("test.first")).isEqualTo("file");
    assertThat(hadoop.get("test.second")).isEqualTo("command line");
    assertThat(hadoop.get(CommonConfigurationKeysPublic.FS_DEFAULT_NAME_KEY)).startsWith("file:");
  }

  @Test
  void settingsOfSparkSubmitChangeNothingInOneJvm() throws IOException {
    settings("spark.submit.deployMode client\n");
    System.setProperty("spark.jars.packages", "a:b:1"); // as --conf does
    PropertiesFile.apply();
    assertThat(PropertiesFile.ignored())
        .containsExactly("spark.jars.packages", "spark.submit.deployMode");
    System.setProperty("spark.app.submitTime", "1"); // as spark-submit does
    assertThat(PropertiesFile.ignored()).isEmpty();
  }

  @Test
  void aFileThatCannotBeReadIsNamed() {
    System.setProperty(PropertiesFile.PROPERTY, folder.resolve("absent.conf").toString());
    assertThatThrownBy(PropertiesFile::apply)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("absent.conf");
  }

  @Test
  void commandsWithoutASessionReadFileSystemsThatOnlySettingsKnow() throws IOException {
    settings("spark.hadoop.fs.other.impl " + OtherFileSystem.class.getName() + "\n");
    Path model = TestModels.copy("llama-tiny", folder);
    Path input = Files.writeString(folder.resolve("texts.jsonl"), "{\"text\": \"hello\"}\n");
    Path staging = folder.resolve("staging");
    for (String command : List.of("tokenize", "score")) {
      Path output = folder.resolve(command + ".jsonl");
      int code =
          CommandRun.line(
              "%s --model_name_or_path %s --staging_dir %s --input %s --output %s",
              command, OtherFileSystem.name(model), staging, input, output);
      assertThat(code).as(command).isZero();
      assertThat(Files.readString(output)).contains("input_ids");
    }
  }
}
