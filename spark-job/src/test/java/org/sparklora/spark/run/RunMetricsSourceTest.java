package org.sparklora.spark.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListSet;
import javax.management.JMException;
import javax.management.ObjectName;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.spark.cli.SftRun;
import org.sparklora.spark.cli.TestSpark;
import org.sparklora.spark.grpo.GrpoRuns;
import org.sparklora.train.TestModels;

/** Real runs, as Spark's JMX and Prometheus sinks show them. */
class RunMetricsSourceTest {
  @TempDir private Path folder;

  private static SparkSession open() {
    return TestSpark.builder(2)
        .config("spark.sparklora.sharedMemory", "false")
        .config("spark.metrics.conf.*.sink.jmx.class", "org.apache.spark.metrics.sink.JmxSink")
        .config(
            "spark.metrics.conf.*.sink.prometheusServlet.class",
            "org.apache.spark.metrics.sink.PrometheusServlet")
        .config("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus")
        .config("spark.metrics.namespace", "here")
        .config("spark.ui.enabled", "true")
        .config("spark.ui.port", "0")
        .getOrCreate();
  }

  private static double jmx(String metric) throws JMException {
    ObjectName name =
        new ObjectName("metrics:name=here.driver.SparkLora." + metric + ",type=gauges");
    Object value = ManagementFactory.getPlatformMBeanServer().getAttribute(name, "Value");
    return ((Number) value).doubleValue();
  }

  @Test
  void jmxAndPrometheusShowTheLatestRowOfTheLatestRun() throws Exception {
    Path model = TestModels.copy("llama-tiny", folder);
    Set<String> groups = new ConcurrentSkipListSet<>();
    try (SparkSession spark = open()) {
      spark
          .sparkContext()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onJobStart(SparkListenerJobStart start) {
                  groups.add(String.valueOf(start.properties().get("spark.jobGroup.id")));
                }
              });
      SftRun run =
          SftRun.tiny(model, folder.resolve("sft"), "--use_peft", "--num_workers", "2")
              .with("--max_steps", "3")
              .run(spark);
      JsonNode row = run.metricRows().get(2);
      assertThat(jmx("step")).isEqualTo(3);
      assertThat(jmx("total_steps")).isEqualTo(3);
      for (String metric :
          List.of("loss", "grad_norm", "learning_rate", "num_tokens", "tokens_per_second")) {
        assertThat(jmx(metric)).as(metric).isEqualTo(row.get(metric).asDouble());
      }
      assertThat(jmx("peak_memory_heap")).isPositive();
      assertThat(jmx("executors_count")).isEqualTo(row.get("executors/count").asDouble());
      assertThat(jmx("reward")).as("sft has none").isNaN();
      assertThat(prometheus(spark))
          .contains("metrics_here_driver_SparkLora_loss_Value{type=\"gauges\"} " + jmx("loss"));
      assertThat(groups)
          .allMatch(
              group -> group.equals("sft " + folder.resolve("sft")) || group.equals("num_workers"));
      assertThat(groups).contains("sft " + folder.resolve("sft"));

      groups.clear();
      Files.createDirectories(folder.resolve("run"));
      GrpoRuns.tiny(spark, model, folder.resolve("run"), "--use_peft");
      assertThat(jmx("reward")).isNotNaN();
      assertThat(jmx("tokens_per_second")).isPositive();
      assertThat(jmx("prompts_waiting")).isZero();
      assertThat(new TreeSet<>(groups)).anyMatch(group -> group.startsWith("grpo "));
    }
  }

  private static String prometheus(SparkSession spark) throws IOException, InterruptedException {
    String url = spark.sparkContext().uiWebUrl().get();
    return HttpClient.newHttpClient()
        .send(
            HttpRequest.newBuilder(URI.create(url + "/metrics/prometheus/")).build(),
            HttpResponse.BodyHandlers.ofString())
        .body();
  }
}
