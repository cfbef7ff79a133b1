package org.sparklora.pipeline.model;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.HadoopSettings;

/**
 * A folder of a Hadoop file system, staged once on each node that reads it (see {@link Stage}). The
 * driver lists its files with sizes and checksums, so that all nodes have the same files.
 *
 * @param uri URI of the folder, with scheme and authority
 * @param settings Hadoop settings that differ from the defaults: the name node's address,
 *     credentials
 */
record HadoopFolder(
    ModelReference reference, String uri, List<ModelFile> files, Map<String, String> settings)
    implements ModelSource {
  static HadoopFolder locate(ModelReference reference, Configuration hadoop, Part part) {
    return list(reference, hadoop, part).readHere(hadoop);
  }

  /** Lists the folder; stages nothing. */
  private static HadoopFolder list(ModelReference reference, Configuration hadoop, Part part) {
    Path folder = new Path(reference.name());
    try {
      FileSystem fileSystem = folder.getFileSystem(hadoop);
      Path qualified = fileSystem.makeQualified(folder);
      List<ModelFile> listed = ModelFiles.list(fileSystem, qualified, part);
      return new HadoopFolder(reference, qualified.toString(), listed, HadoopSettings.of(hadoop));
    } catch (FileNotFoundException e) {
      throw new ConfigException(reference.flag(), reference.name(), "there is no such folder");
    } catch (IOException e) {
      throw new ConfigException(
          reference.flag(), reference.name(), "it cannot be read: " + e.getMessage());
    }
  }

  /** Stages the files on the driver's node, which reads them anyway, and adds their checksums. */
  private HadoopFolder readHere(Configuration hadoop) {
    Stage stage = new Stage(reference, uri, files);
    HadoopFolder read = new HadoopFolder(reference, uri, stage.fill(hadoop), settings);
    ModelFiles.fetched(read, stage::folder);
    return read;
  }

  @Override
  public java.nio.file.Path folder() {
    return ModelFiles.fetched(
        this,
        () -> {
          Stage stage = new Stage(reference, uri, files);
          stage.fill(HadoopSettings.configuration(settings));
          return stage.folder();
        });
  }

  /** Access to parts of the folder's files without staging them. */
  static ModelOutline.Remote remote(ModelReference reference, Configuration hadoop) {
    HadoopFolder folder = list(reference, hadoop, Part.WHOLE);
    Map<String, Long> bytes =
        folder.files().stream().collect(Collectors.toMap(ModelFile::name, ModelFile::bytes));
    java.nio.file.Path stage = new Stage(reference, folder.uri(), folder.files()).folder();
    return new ModelOutline.Remote(
        bytes,
        (name, count) -> {
          Path file = new Path(folder.uri(), name);
          try (FSDataInputStream in = file.getFileSystem(hadoop).open(file)) {
            return in.readNBytes(count);
          }
        },
        ModelOutline.Fetch.of(reference.name(), bytes, stage, stage));
  }

  /** The URI alone: the settings may hold keys to a store. */
  @Override
  public String toString() {
    return uri;
  }
}
