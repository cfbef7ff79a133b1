package org.sparklora.prep.curate;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.when;

import java.util.Iterator;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.expressions.WindowSpec;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataTypes;

/**
 * Removes all rows but one of each cluster of near duplicates. Two rows are similar if they share a
 * bucket and the Jaccard similarity of their sets of shingles is at least the threshold; a cluster
 * is a connected component of similar rows.
 *
 * <pre>
 * rows with equal sets   one of them represents all: a text that occurs often is compared once
 * first round            in each bucket, all with the first, which mostly gives one cluster
 * second round           in each bucket, all pairs of its other rows that are in different clusters
 * </pre>
 *
 * <p>The pairs that are left out join rows that are in one cluster already, so the clusters are
 * those of all pairs.
 */
final class NearDuplicatesTable {
  private static final MessageType LABEL =
      MessageTypeParser.parseMessageType(
          "message label { required int64 row; required int64 cluster; }");

  private final SketchTable sketches;
  private final UserDefinedFunction areSimilar;
  private final Clusters clusters = new Clusters();

  private NearDuplicatesTable(SketchTable sketches, double threshold) {
    this.sketches = sketches;
    UDF2<byte[], byte[], Boolean> similar = (a, b) -> Words.areSimilar(a, b, threshold);
    this.areSimilar = functions.udf(similar, DataTypes.BooleanType);
  }

  static void remove(SketchTable sketches, double threshold, CurateConfig.Keep keep) {
    NearDuplicatesTable pairs = new NearDuplicatesTable(sketches, threshold);
    WindowSpec equalSets = Window.partitionBy("set_high", "set_low");
    Dataset<Row> rows =
        sketches.stored(
            "sets",
            "texts of equal words",
            sketches
                .rows()
                .where(col("set_high").isNotNull())
                .withColumn("set", min("id").over(equalSets))
                .withColumn("bucket", when(col("id").equalTo(col("set")), col("bucket")))
                .select("id", "length", "score", "set", "bucket"));
    pairs.findPairs(rows);
    sketches.removeAllButOne(
        Step.NEAR_DUPLICATES,
        pairs.labelled("labels", rows, "set"),
        new String[] {"cluster"},
        keep,
        "similarity of at least " + threshold);
  }

  private void findPairs(Dataset<Row> rows) {
    WindowSpec inBucket = Window.partitionBy("bucket");
    Dataset<Row> members =
        sketches.stored(
            "members",
            "rows of one bucket",
            rows.select(col("id"), explode(col("bucket")).as("bucket"))
                .withColumn("first", min("id").over(inBucket))
                .withColumn("last", max("id").over(inBucket))
                .where(col("first").lt(col("last")))
                .drop("last"));
    Dataset<Row> withFirst =
        members
            .where(col("id").gt(col("first")))
            .select(col("first").as("a"), col("id").as("b"))
            .distinct();
    connect("similar-to-first", withFirst);

    Dataset<Row> left =
        labelled("first-labels", members, "id")
            .where(col("id").gt(col("first")))
            .withColumn("least", min("cluster").over(inBucket))
            .withColumn("most", max("cluster").over(inBucket))
            .where(col("least").lt(col("most")))
            .select("bucket", "id", "cluster")
            .toDF("bucket", "a", "cluster_a");
    Dataset<Row> right = left.toDF("bucket", "b", "cluster_b");
    Dataset<Row> across =
        left.join(right, "bucket")
            .where(col("a").lt(col("b")).and(col("cluster_a").notEqual(col("cluster_b"))))
            .select("a", "b")
            .distinct();
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

  /** The rows with the cluster of the row that {@code id} names; without a pair it is alone. */
  private Dataset<Row> labelled(String name, Dataset<Row> rows, String id) {
    Dataset<Row> labels =
        sketches.written(
            name,
            LABEL,
            out ->
                clusters.labels(
                    (row, cluster) -> {
                      Group label = new SimpleGroup(LABEL);
                      label.add("row", row);
                      label.add("cluster", cluster);
                      out.write(label);
                    }));
    return rows.join(labels, col(id).equalTo(col("row")), "left")
        .withColumn("cluster", coalesce(col("cluster"), col(id)));
  }
}
