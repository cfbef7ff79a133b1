package org.sparklora.spark.dl4j;

import com.esotericsoftware.kryo.Kryo;
import com.esotericsoftware.kryo.Serializer;
import com.esotericsoftware.kryo.serializers.JavaSerializer;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.serializer.KryoRegistrator;
import org.nd4j.linalg.api.ndarray.INDArray;

/**
 * Lets {@code spark.serializer} be Spark's Kryo: what Kryo 4 cannot read back travels with Java's
 * serialiser inside of Kryo's stream. These are records, which it fills through fields that records
 * do not let it set; the JDK's unmodifiable collections, to which it adds; and ND4J's arrays, whose
 * numbers are outside the heap.
 *
 * <p>{@code SparkSessions} sets it wherever Kryo is chosen; a session of one's own names it in
 * {@code spark.kryo.registrator}.
 */
public final class LoraRegistrator implements KryoRegistrator {
  /** One of each of the JDK's classes behind these factories. */
  private static final List<Object> UNMODIFIABLE =
      List.of(
          List.of(),
          List.of(1),
          List.of(1, 2).subList(0, 1),
          List.of(1, 2, 3),
          Set.of(),
          Set.of(1),
          Map.of(),
          Map.of(1, 1),
          Collections.unmodifiableList(new java.util.ArrayList<>()),
          Collections.unmodifiableMap(new java.util.HashMap<>()));

  @Override
  public void registerClasses(Kryo kryo) {
    // one for all: its stream remembers what it has written, and two streams would not know of each
    // other. Kryo's own resolves classes with Spark's loader, which knows the application's jar
    Serializer<Object> java = javaSerializer();
    kryo.addDefaultSerializer(Record.class, java);
    kryo.addDefaultSerializer(INDArray.class, java);
    for (Object collection : UNMODIFIABLE) {
      kryo.addDefaultSerializer(collection.getClass(), java);
    }
  }

  @SuppressWarnings("unchecked") // Kryo 4 declares it for no type
  private static Serializer<Object> javaSerializer() {
    return new JavaSerializer();
  }
}
