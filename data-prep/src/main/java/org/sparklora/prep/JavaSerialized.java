package org.sparklora.prep;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.io.Serializable;
import java.io.UncheckedIOException;

/**
 * An object as bytes of Java's serialiser, so that an RDD can hold it under any {@code
 * spark.serializer}: a session that trains with DL4J uses Kryo 4, which can write neither records
 * nor the JDK's unmodifiable lists.
 *
 * <p>A plain class with one array, which every serialiser can write.
 */
final class JavaSerialized<T extends Serializable> implements Serializable {
  private static final long serialVersionUID = 1L;

  private final byte[] bytes;

  private JavaSerialized(byte[] bytes) {
    this.bytes = bytes;
  }

  static <T extends Serializable> JavaSerialized<T> of(T value) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(value);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot serialise " + value.getClass(), e);
    }
    return new JavaSerialized<>(bytes.toByteArray());
  }

  @SuppressWarnings("unchecked") // the bytes were made from a T
  T value() {
    try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes))) {
      return (T) in.readObject();
    } catch (IOException | ClassNotFoundException e) {
      throw new IllegalStateException("Cannot read back what this JVM's own version wrote", e);
    }
  }
}
