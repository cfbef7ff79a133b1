package org.sparklora.spark;

import static org.assertj.core.api.Assertions.assertThat;

import org.apache.spark.SparkConf;
import org.apache.spark.serializer.JavaSerializer;
import org.apache.spark.serializer.KryoSerializer;
import org.junit.jupiter.api.Test;
import org.sparklora.spark.dl4j.LoraRegistrator;

class SparkSessionsTest {
  private static final String REGISTRATOR = "spark.kryo.registrator";
  private static final String OURS = LoraRegistrator.class.getName();

  private static SparkConf completed(SparkConf conf) {
    SparkSessions.completeKryo(conf);
    return conf;
  }

  private static SparkConf kryo() {
    return new SparkConf(false).set("spark.serializer", KryoSerializer.class.getName());
  }

  @Test
  void kryoGetsOurRegistratorBesideTheUsersOwn() {
    assertThat(completed(kryo()).get(REGISTRATOR)).isEqualTo(OURS);
    assertThat(completed(kryo().set(REGISTRATOR, "org.acme.Theirs")).get(REGISTRATOR))
        .isEqualTo("org.acme.Theirs," + OURS);
    assertThat(completed(kryo().set(REGISTRATOR, OURS)).get(REGISTRATOR)).isEqualTo(OURS);
    assertThat(completed(kryo()).get("spark.kryoserializer.buffer.max")).isEqualTo("2047m");
  }

  @Test
  void otherSerialisersAreLeftAlone() {
    assertThat(completed(new SparkConf(false)).contains(REGISTRATOR)).isFalse();
    SparkConf java = new SparkConf(false).set("spark.serializer", JavaSerializer.class.getName());
    assertThat(completed(java).contains(REGISTRATOR)).isFalse();
  }
}
