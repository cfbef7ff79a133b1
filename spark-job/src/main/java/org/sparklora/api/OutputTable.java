package org.sparklora.api;

import java.util.Optional;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.RootCause;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.prep.table.TableQuery;

/**
 * The table of a catalogue that gets the rows of a command's result as well, once the folder with
 * them is complete. Its format is that of the catalogue, or {@code spark.sql.sources.default}.
 *
 * @param name {@code output_table}
 * @param overwrite {@code overwrite_output_table}
 */
public record OutputTable(String name, boolean overwrite) {

  /**
   * The table of a user's settings, if they name one.
   *
   * @throws ConfigException if its name is not that of a table, or that of the dataset
   */
  public static Optional<OutputTable> of(Settings settings) {
    Optional<String> name = settings.find(Flags.OUTPUT_TABLE);
    ConfigException.require(
        name.isPresent() || !settings.get(Flags.OVERWRITE_OUTPUT_TABLE),
        Flags.OVERWRITE_OUTPUT_TABLE,
        true,
        "there is no table to replace; name it with --output_table, or leave this out");
    name.ifPresent(
        table -> {
          ConfigException.require(
              TableQuery.isTableName(table),
              Flags.OUTPUT_TABLE,
              table,
              "write catalog.database.table, such as spark_catalog.default.rows");
          ConfigException.require(
              !settings.isGiven(Flags.DATASET_NAME)
                  || !settings.get(Flags.DATASET_NAME).equalsIgnoreCase(table),
              Flags.OUTPUT_TABLE,
              table,
              "it is the dataset as well; name another table");
        });
    return name.map(table -> new OutputTable(table, settings.get(Flags.OVERWRITE_OUTPUT_TABLE)));
  }

  /**
   * Checks, before any work, that the table may be written.
   *
   * @throws ConfigException if its database does not exist, or the table exists and may not be
   *     replaced
   */
  void requireWritable(SparkSession spark) {
    String database = name.substring(0, name.lastIndexOf('.'));
    boolean known;
    boolean there;
    try {
      known = spark.catalog().databaseExists(database);
      there = known && spark.catalog().tableExists(name);
    } catch (Exception e) { // Scala's exceptions are not declared
      throw new ConfigException(
          Flags.OUTPUT_TABLE,
          name,
          "its catalogue cannot be asked (%s); set spark.sql.catalog.%s and what belongs to it"
              .formatted(firstLine(e), name.substring(0, name.indexOf('.'))));
    }
    ConfigException.require(
        known,
        Flags.OUTPUT_TABLE,
        name,
        "there is no database %s; make it with CREATE DATABASE, or name another"
            .formatted(database));
    ConfigException.require(
        overwrite || !there,
        Flags.OUTPUT_TABLE,
        name,
        "there is a table of this name; name another, or replace it with --overwrite_output_table");
  }

  /**
   * Writes the table.
   *
   * @param folder of Parquet files, with the result
   * @throws TableException if it cannot be written; the folder stays
   */
  void write(SparkSession spark, String folder) {
    spark.sparkContext().setJobDescription("write the table " + name);
    try {
      spark
          .read()
          .parquet(folder)
          .write()
          .mode(overwrite ? SaveMode.Overwrite : SaveMode.ErrorIfExists)
          .saveAsTable(name);
    } catch (Exception e) { // Scala's exceptions are not declared
      throw new TableException(
          "Cannot write the table %s (%s); its rows are in %s, from where Spark can write it again"
              .formatted(name, firstLine(e), folder),
          e);
    } finally {
      spark.sparkContext().setJobDescription(null);
    }
  }

  private static String firstLine(Throwable problem) {
    return RootCause.firstLine(String.valueOf(problem.getMessage()), problem.toString());
  }
}
