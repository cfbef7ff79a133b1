package org.sparklora.pipeline.table;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.util.HadoopInputFile;

/**
 * The Parquet files of a table's folder.
 *
 * @param paths paths in row order, sorted by name
 */
record TableFiles(Configuration configuration, List<String> paths) {

  /**
   * Lists the folder.
   *
   * @param table the user's name of the table
   * @param maker the command that makes such tables
   * @throws TableException when there is no such folder, or no Parquet file in it, its files differ
   *     from its {@link FileList}, or it is a table of an {@link OpenTableFormat}
   */
  static TableFiles list(Configuration configuration, String folder, String table, String maker) {
    try {
      Path path = new Path(folder);
      OpenTableFormat.refuseAtOrAbove(path.getFileSystem(configuration), path);
      List<String> files = new ArrayList<>();
      for (FileStatus status : path.getFileSystem(configuration).listStatus(path)) {
        String name = status.getPath().getName();
        if (name.endsWith(".parquet") && !name.startsWith(".") && !name.startsWith("_")) {
          files.add(status.getPath().toString());
        }
      }
      if (files.isEmpty()) {
        throw new TableException(
            "Cannot read %s %s: it holds no Parquet file; name the --output_dir of a %s run"
                .formatted(table, path, maker));
      }
      files.sort(null);
      FileList.requireWhole(configuration, folder, maker);
      return new TableFiles(configuration, List.copyOf(files));
    } catch (IOException e) {
      throw new TableException(
          "Cannot read %s %s (%s): name the --output_dir of a %s run"
              .formatted(table, folder, e.getMessage(), maker),
          e);
    }
  }

  /** The number of rows in a file, from its footer. */
  long rows(String file) {
    return footer(file, ParquetFileReader::getRecordCount);
  }

  /** A file's key-value metadata. */
  Map<String, String> metadata(String file) {
    return footer(file, reader -> reader.getFooter().getFileMetaData().getKeyValueMetaData());
  }

  private <T> T footer(String file, Function<ParquetFileReader, T> what) {
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(new Path(file), configuration))) {
      return what.apply(reader);
    } catch (IOException | RuntimeException e) {
      throw new TableException(
          "Cannot read %s (%s): the file is damaged, run prep again"
              .formatted(file, e.getMessage()),
          e);
    }
  }
}
