package org.sparklora.prep.source;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.TableException;

/** The columns of datasets of Parquet files. */
public final class ParquetColumns {
  private ParquetColumns() {}

  /**
   * The columns of all files, in the order in which they first appear. Empty unless all files are
   * Parquet.
   *
   * @throws ConfigException if a column has another type in another file, or is missing there and
   *     may not be null
   */
  public static Optional<MessageType> of(Configuration configuration, List<DatasetSplit> splits) {
    List<DatasetFile> files = splits.stream().map(DatasetSplit::file).distinct().toList();
    if (files.stream().anyMatch(file -> file.format() != FileFormat.PARQUET)) {
      return Optional.empty();
    }
    Map<String, Type> columns = new LinkedHashMap<>();
    Map<DatasetFile, MessageType> schemas = new LinkedHashMap<>();
    for (DatasetFile file : files) {
      MessageType schema = schema(configuration, file.hadoopPath());
      schemas.put(file, schema);
      for (Type column : schema.getFields()) {
        Type known = columns.putIfAbsent(column.getName(), column);
        require(
            known == null || known.equals(column),
            file,
            "its column %s is %s, and %s in files before it"
                .formatted(column.getName(), column, known));
      }
    }
    schemas.forEach(
        (file, schema) ->
            columns.forEach(
                (name, column) ->
                    require(
                        schema.containsField(name)
                            || !column.isRepetition(Type.Repetition.REQUIRED),
                        file,
                        "it lacks the column %s, which may not be null in others"
                            .formatted(name))));
    columns.remove(DatasetSplits.FILE_COLUMN);
    return Optional.of(new MessageType("row", new ArrayList<>(columns.values())));
  }

  private static void require(boolean condition, DatasetFile file, String problem) {
    ConfigException.require(
        condition,
        Flags.DATASET_NAME,
        file.path(),
        problem + "; write the files with the same columns, or name them apart");
  }

  public static MessageType schema(Configuration configuration, Path file) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(file, configuration))) {
      return reader.getFileMetaData().getSchema();
    } catch (IOException e) {
      throw TableException.unread("the columns of " + file, e, "look at the disk");
    }
  }
}
