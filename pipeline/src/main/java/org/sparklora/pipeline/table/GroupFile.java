package org.sparklora.pipeline.table;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.api.InitContext;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.Type;

/** Parquet files of tables that fit into memory, written and read without Spark. */
public final class GroupFile {
  private GroupFile() {}

  /**
   * Writes a file directly to its path; the caller decides when the file counts as complete.
   *
   * @throws TableException when it cannot be written
   */
  public static <T> void write(
      Configuration configuration,
      Path file,
      MessageType schema,
      List<T> rows,
      Function<T, Group> toGroup) {
    try (RowFile<Group> out = RowFile.ofGroups(configuration, file, schema, Map.of())) {
      rows.forEach(row -> out.write(toGroup.apply(row)));
    }
    try {
      deleteChecksum(configuration, file);
    } catch (IOException e) {
      throw TableException.unwritten(file, e);
    }
  }

  /** Deletes the hidden checksum, by which Hadoop's local file system refuses a changed file. */
  static void deleteChecksum(Configuration configuration, Path file) throws IOException {
    if (file.getFileSystem(configuration) instanceof LocalFileSystem local) {
      local.getRawFileSystem().delete(local.getChecksumFile(file), false);
    }
  }

  /**
   * Reads a file.
   *
   * @param maker the command that writes such files
   * @throws TableException when it is damaged or of another table; names the row
   */
  public static <T> List<T> read(
      Configuration configuration, String file, String maker, Function<Group, T> fromGroup) {
    return read(configuration, file, maker, column -> true, fromGroup);
  }

  /** Reads some columns of a file. */
  static <T> List<T> read(
      Configuration configuration,
      String file,
      String maker,
      Predicate<Type> columns,
      Function<Group, T> fromGroup) {
    List<T> rows = new ArrayList<>();
    RowFile.forEach(configuration, file, maker, new SomeColumns(columns), fromGroup, rows::add);
    return rows;
  }

  /** Selects columns without a schema's text, which cannot hold names with blanks or brackets. */
  private static final class SomeColumns extends GroupReadSupport {
    private final Predicate<Type> columns;

    private SomeColumns(Predicate<Type> columns) {
      this.columns = columns;
    }

    @Override
    public ReadContext init(InitContext context) {
      MessageType whole = context.getFileSchema();
      return new ReadContext(
          new MessageType(whole.getName(), whole.getFields().stream().filter(columns).toList()));
    }
  }
}
