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
 * Lets {@code spark.serializer} be Spark's Kryo. Classes that Kryo 4 cannot read back use Java's
 * serialiser inside Kryo's stream: records, whose fields Kryo cannot set; the JDK's unmodifiable
 * collections, to which Kryo cannot add; and ND4J's arrays, whose numbers are outside the heap.
 *
 * <p>{@code SparkSessions} sets this registrator if Kryo is chosen; other sessions name it in
 * {@code spark.kryo.registrator}.
 */
public final class LoraRegistrator implements KryoRegistrator {
  /** One instance of each class that these JDK factories return. */
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
    // one serialiser for all: its stream remembers written objects, and two streams would not
    // share that. Kryo's JavaSerializer resolves classes with Spark's loader, which has the
    // application's jar
    @SuppressWarnings("unchecked") // Kryo 4 declares JavaSerializer without a type argument
    Serializer<Object> java = new JavaSerializer();
    kryo.addDefaultSerializer(Record.class, java);
    kryo.addDefaultSerializer(INDArray.class, java);
    for (Object collection : UNMODIFIABLE) {
      kryo.addDefaultSerializer(collection.getClass(), java);
    }
  }
}
