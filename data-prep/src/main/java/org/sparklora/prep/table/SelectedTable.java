package org.sparklora.prep.table;

import com.fasterxml.jackson.core.JsonProcessingException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DecimalType;
import org.apache.spark.sql.types.StructField;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.source.DatasetSample;
import org.sparklora.prep.source.DatasetSplit;
import org.sparklora.prep.source.DatasetSplits;
import org.sparklora.prep.source.JsonRows;
import org.sparklora.prep.table.TableQuery.Order;

/**
 * A dataset's rows and columns of a table, in an order that depends on the table alone. Lazy except
 * for its checks; used by the driver's thread.
 */
public final class SelectedTable {
  private static final String FILE = DatasetSplits.FILE_COLUMN;
  private static final String BLOCK = "_spark_lora_block";
  private static final String ROW = "_spark_lora_row";
  private static final String HASH = "_spark_lora_hash";

  /** Types that Parquet stores as other numbers or not at all; decimals are cast as well. */
  private static final Set<DataType> CAST =
      Set.of(
          DataTypes.DateType,
          DataTypes.TimestampType,
          DataTypes.TimestampNTZType,
          DataTypes.NullType);

  private final SourceTable table;
  private final Order order;
  private final QueriedTable asked;
  private final Map<String, Object> origin;

  /** Throws {@link ConfigException} for a filter, columns or order that cannot be used. */
  SelectedTable(SourceTable table, TableQuery query) {
    this.table = table;
    this.asked = QueriedTable.of(table.rows(), query);
    boolean byContent = query.order().equals(Order.CONTENT.word()) || table.position().isEmpty();
    ConfigException.require(
        !byContent || !query.order().equals(Order.FILES.word()),
        Flags.DATASET_ORDER,
        query.order(),
        "Spark does not tell in which files the rows of %s lie; leave it out, or say content"
            .formatted(table.name()));
    this.order = byContent ? Order.CONTENT : Order.FILES;
    this.origin = origin(query.given().toString());
  }

  private Map<String, Object> origin(String query) {
    Map<String, Object> entries = new LinkedHashMap<>();
    entries.put("name", table.name());
    entries.put("format", table.address().format());
    entries.put("location", table.location());
    entries.put("id", table.id());
    entries.put("version", table.version());
    entries.put("order", order.word());
    SparkSession spark = table.rows().sparkSession();
    entries.put("time_zone", spark.conf().get("spark.sql.session.timeZone"));
    if (TableQuery.presentTime(query).isPresent()) {
      entries.put("date", spark.sql("SELECT string(current_date())").first().getString(0));
    }
    return entries;
  }

  /** Name and version of the table and the order of its rows, for logs. */
  public String description() {
    return "%s, rows in the order of their %s"
        .formatted(table.label(), order == Order.CONTENT ? "content" : "data files");
  }

  /**
   * The entry of the table in a manifest, with all of the session that its rows depend on: of the
   * day on which the table was opened, since a job may end on another.
   */
  public Map<String, Object> origin() {
    return origin;
  }

  /**
   * A non-null value of each column, or null if it has none; empty without rows. Unlike a sample of
   * files, not from the first rows, since these would need a sort.
   */
  public Map<String, Object> sample() {
    return described(
        "look at the first rows",
        () -> {
          List<String> rows = texts().limit(DatasetSample.ROWS).toJSON().collectAsList();
          Map<String, Object> sample = new LinkedHashMap<>();
          if (rows.isEmpty()) {
            return sample;
          }
          Stream.of(asked.rows().columns()).forEach(column -> sample.put(column, null));
          for (String row : rows) {
            take(sample, row);
          }
          Column[] missing =
              sample.keySet().stream()
                  .filter(column -> sample.get(column) == null)
                  .map(column -> functions.first(QueriedTable.quoted(column), true).as(column))
                  .toArray(Column[]::new);
          if (missing.length > 0) {
            take(sample, texts().select(missing).toJSON().first());
          }
          return sample;
        });
  }

  static void take(Map<String, Object> sample, String row) throws JsonProcessingException {
    Map<?, ?> values = JsonRows.MAPPER.readValue(row, Map.class);
    values.forEach((column, value) -> DatasetSample.add(sample, String.valueOf(column), value));
  }

  /**
   * Writes the rows in order to files that tasks read.
   *
   * @param folder for the files, on a file system that all machines see; the caller deletes it
   * @return splits whose rows name the table, its version and their number
   * @throws TableException if the table's files cannot be read, or the folder cannot be written
   */
  public List<DatasetSplit> write(Configuration configuration, Path folder) {
    return described(
        "put rows in order",
        () -> {
          // snappy, whatever the session's default: Parquet's own jar has it
          ordered().write().option("compression", "snappy").parquet(folder.toString());
          table.requireUnchanged();
          return new DatasetSplits(configuration).ofTable(folder, table.label());
        });
  }

  private Dataset<Row> ordered() {
    if (order == Order.CONTENT) {
      Dataset<Row> rows = texts();
      return rows.withColumn(HASH, TableDigest.contentHash(rows)).sort(HASH).drop(HASH);
    }
    SourceTable.Position position = table.position().orElseThrow();
    List<Column> columns = new ArrayList<>(asked.columns());
    columns.add(position.file().as(FILE));
    columns.add(position.block().as(BLOCK));
    columns.add(position.row().as(ROW));
    Dataset<Row> located = asked.kept().select(columns.toArray(Column[]::new));
    return asTexts(located).sort(FILE, BLOCK, ROW).drop(BLOCK, ROW);
  }

  private Dataset<Row> texts() {
    return asTexts(asked.rows());
  }

  /** Casts columns of dates, times and decimals to texts, but no fields of structs. */
  private static Dataset<Row> asTexts(Dataset<Row> rows) {
    return rows.select(
        Stream.of(rows.schema().fields()).map(SelectedTable::asText).toArray(Column[]::new));
  }

  private static Column asText(StructField field) {
    Column column = QueriedTable.quoted(field.name());
    DataType type = field.dataType();
    return type instanceof DecimalType || CAST.contains(type)
        ? column.cast(DataTypes.StringType).as(field.name())
        : column;
  }

  /** Runs a query under a description in Spark's UI, and reports an error of Spark in one line. */
  private <T> T described(String what, Callable<T> question) {
    SparkContext spark = table.rows().sparkSession().sparkContext();
    spark.setJobDescription("%s: %s".formatted(table.name(), what));
    try {
      return question.call();
    } catch (ConfigException | TableException e) {
      throw e;
    } catch (Exception e) { // Scala's exceptions are not declared
      throw new TableException(
          "Cannot read %s (%s): are all its files there? Files of old versions go with VACUUM and with expired snapshots; name another --%s"
              .formatted(table.label(), AskedOfTables.firstLine(e), Flags.DATASET_REVISION),
          e);
    } finally {
      spark.setJobDescription(null);
    }
  }
}
