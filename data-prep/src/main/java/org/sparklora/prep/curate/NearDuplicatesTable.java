package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;

import java.util.Iterator;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;
import org.sparklora.pipeline.table.RowFile;

/**
 * Removes all rows but one of each cluster of near duplicates. Two rows are similar if they share a
 * bucket and the Jaccard similarity of their sets of shingles is at least the threshold; a cluster
 * is a connected component of similar rows.
 *
 * <pre>
 * rows with equal sets   one of them represents all: a text that occurs often is compared once
 * first round            in each bucket, all with the first, which mostly gives one cluster
 * second round           in buckets with several clusters, all pairs of rows of different ones
 * </pre>
 *
 * <p>The pairs that are left out join rows that are in one cluster already, so the clusters are
 * those of all pairs.
 */
final class NearDuplicatesTable {
  private static final String[] SET = {"set_high", "set_low"};
  private static final MessageType LABEL =
      MessageTypeParser.parseMessageType(
          "message label { required int64 row; required int64 cluster; }");

  private final SketchTable sketches;
  private final UserDefinedFunction areSimilar;
  private final Clusters clusters = new Clusters();

  private NearDuplicatesTable(SketchTable sketches, double threshold) {
    this.sketches = sketches;
    UDF2<byte[], byte[], Boolean> similar = (a, b) -> ShingleSet.areSimilar(a, b, threshold);
    this.areSimilar = functions.udf(similar, DataTypes.BooleanType);
  }

  static void remove(SketchTable sketches, double threshold, CurateConfig.Keep keep) {
    new NearDuplicatesTable(sketches, threshold).remove(threshold, keep);
  }

  private void remove(double threshold, CurateConfig.Keep keep) {
    Dataset<Row> rows =
        sketches
            .rows()
            .where(col(SET[0]).isNotNull())
            .select("id", "length", "score", SET[0], SET[1]);
    Dataset<Row> sets =
        sketches.stored(
            "sets", "texts of equal words", rows.groupBy(SET[0], SET[1]).agg(min("id").as("set")));
    findPairs(sets);
    Dataset<Row> clustered =
        rows.join(sets, SET)
            .join(labels("labels"), col("set").equalTo(col("row")), "left")
            .select(
                col("id"),
                col("length"),
                col("score"),
                coalesce(col("cluster"), col("set")).as("cluster"));
    Dataset<Row> kept =
        clustered
            .groupBy("cluster")
            .agg(SketchTable.kept(keep).as("kept"), count(lit(1)).as("rows"))
            .where(col("rows").gt(1));
    sketches.remove(
        Step.NEAR_DUPLICATES,
        clustered.join(kept, "cluster").where(col("id").notEqual(col("kept"))),
        lit("similarity of at least " + threshold),
        lit(""),
        col("kept"));
  }

  private void findPairs(Dataset<Row> sets) {
    Dataset<Row> places = sketches.buckets().join(sets.select(col("set").as("id")), "id");
    Dataset<Row> crowded =
        places
            .groupBy("bucket")
            .agg(min("id").as("first"), count(lit(1)).as("rows"))
            .where(col("rows").gt(1))
            .select("bucket", "first");
    Dataset<Row> members =
        sketches.stored("members", "rows of one bucket", places.join(crowded, "bucket"));
    Dataset<Row> withFirst =
        members
            .where(col("id").gt(col("first")))
            .select(col("first").as("a"), col("id").as("b"))
            .distinct();
    connect("similar-to-first", withFirst);

    Dataset<Row> clustered =
        sketches.stored(
            "clustered-members",
            "clusters of one bucket",
            members
                .join(labels("first-labels"), col("id").equalTo(col("row")), "left")
                .select(
                    col("bucket"), col("id"), coalesce(col("cluster"), col("id")).as("cluster")));
    Dataset<Row> divided =
        clustered
            .groupBy("bucket")
            .agg(min("cluster").as("least"), max("cluster").as("most"))
            .where(col("least").lt(col("most")))
            .select("bucket");
    Dataset<Row> left = clustered.join(divided, "bucket").toDF("bucket", "a", "cluster_a");
    Dataset<Row> right = left.toDF("bucket", "b", "cluster_b");
    Dataset<Row> across =
        left.join(right, "bucket")
            .where(col("a").lt(col("b")).and(col("cluster_a").notEqual(col("cluster_b"))))
            .select("a", "b")
            .distinct()
            .join(withFirst, new String[] {"a", "b"}, "left_anti"); // compared already
    connect("similar", across);
  }

  /** Compares the sets of pairs of rows, and connects those that are similar. */
  private void connect(String name, Dataset<Row> pairs) {
    Dataset<Row> sets = sketches.all().select("id", "shingles");
    Dataset<Row> similar =
        pairs
            .join(sets.toDF("a", "set_a"), "a")
            .join(sets.toDF("b", "set_b"), "b")
            .where(areSimilar.apply(col("set_a"), col("set_b")))
            .select("a", "b");
    Iterator<Row> found =
        sketches.stored(name, "pairs " + name.replace('-', ' '), similar).toLocalIterator();
    while (found.hasNext()) {
      Row pair = found.next();
      clusters.connect(pair.getLong(0), pair.getLong(1));
    }
  }

  /** The cluster of each row that is in a pair. */
  private Dataset<Row> labels(String name) {
    Clusters.Labels labels = clusters.labels();
    Configuration hadoop = sketches.session().sparkContext().hadoopConfiguration();
    Path file = new Path(sketches.scratch(), name + ".parquet");
    try (RowFile<Group> out = RowFile.ofGroups(hadoop, file, LABEL, Map.of())) {
      for (int i = 0; i < labels.rows().length; i++) {
        Group row = new SimpleGroup(LABEL);
        row.add("row", labels.rows()[i]);
        row.add("cluster", labels.clusters()[i]);
        out.write(row);
      }
    }
    return sketches.read(file.getName());
  }
}
