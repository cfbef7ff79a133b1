package org.sparklora.model.checkpoint;

import java.io.EOFException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.tensor.DType;
import org.sparklora.model.engine.tensor.HostTensor;
import org.sparklora.model.engine.tensor.NativeMemory;
import org.sparklora.model.engine.tensor.Tensor;
import org.sparklora.text.json.CheckpointException;

/**
 * A safetensors file, mapped into memory tensor by tensor: files of any size open at once, and the
 * processes of a node share the weights that are used as stored. All CPUs that the engines have
 * libraries for are little-endian, as the format is.
 *
 * <p>Thread-safe. Tensors stay valid after {@link #close}.
 */
public final class SafeTensors implements AutoCloseable {
  private final Path file;
  private final FileChannel channel;
  private final SafeTensorsHeader header;

  private SafeTensors(Path file, FileChannel channel, SafeTensorsHeader header) {
    this.file = file;
    this.channel = channel;
    this.header = header;
  }

  /**
   * Reads and checks the header; no tensor is touched.
   *
   * @throws CheckpointException if the file is missing, truncated or damaged
   */
  public static SafeTensors open(Path file) throws IOException {
    if (!Files.isRegularFile(file)) {
      throw new CheckpointException(
          "Cannot find %s: the folder lacks a file of weights; copy it again", file);
    }
    FileChannel channel = FileChannel.open(file, StandardOpenOption.READ);
    try {
      return new SafeTensors(file, channel, SafeTensorsHeader.read(file, channel));
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** All tensors by name, in the order of the header. */
  public Map<String, TensorInfo> tensors() {
    return header.tensors();
  }

  public Optional<TensorInfo> find(String name) {
    return Optional.ofNullable(header.tensors().get(name));
  }

  /** This open file, whose tensors have other names. */
  SafeTensors with(Map<String, TensorInfo> tensors) {
    return new SafeTensors(file, channel, new SafeTensorsHeader(tensors, header.metadata()));
  }

  public Map<String, String> metadata() {
    return header.metadata();
  }

  /**
   * A tensor as it is stored, which the caller closes: mapped, not read, if the engine can use the
   * mapping in place.
   *
   * @throws CheckpointException if the tensor is missing or not of a float type
   */
  public Tensor map(String name, Engine engine) throws IOException {
    TensorInfo info = require(name);
    DType dtype = info.requireFloatType();
    return engine.adopt(memory(info.offset(), info.bytes()), dtype, info.shape());
  }

  /** A tensor in float32 or bfloat16: mapped if stored so, else widened or rounded into a copy. */
  public Tensor load(String name, DType dtype, Engine engine) throws IOException {
    return engine.inType(dtype, map(name, engine));
  }

  /**
   * Returns a tensor of this file if its elements are finite; else, or if that cannot be computed,
   * closes it and throws.
   *
   * @throws CheckpointException if an element is NaN or infinite
   */
  public Tensor requireFinite(String name, Tensor tensor, Engine engine) {
    return Tensor.closedOnFailure(
        tensor,
        stored -> {
          if (!engine.isFinite(stored)) {
            throw new CheckpointException(
                "Cannot use tensor %s of %s: it holds NaN or infinite values, from a run that diverged or a file that was damaged; use another checkpoint of that run, or copy the file again",
                name, file);
          }
        });
  }

  /** The bytes of a tensor of any type, little-endian, which the caller closes. */
  public NativeMemory bytes(String name) throws IOException {
    TensorInfo info = require(name);
    return memory(info.offset(), info.bytes());
  }

  private NativeMemory memory(long offset, long bytes) throws IOException {
    try {
      return NativeMemory.ofFile(channel, offset, bytes);
    } catch (EOFException e) {
      throw SafeTensorsHeader.refusal(file, offset, "the file ended while it was read");
    }
  }

  /** {@code count} elements of a float tensor from {@code start} on, row-major, as float32. */
  float[] values(String name, long start, int count) throws IOException {
    TensorInfo info = require(name);
    DType dtype = info.requireFloatType();
    long width = dtype.bytes();
    NativeMemory memory = memory(info.offset() + start * width, count * width);
    try (Tensor part = HostTensor.owning(memory, dtype, count)) {
      return part.toArray();
    }
  }

  private TensorInfo require(String name) {
    return find(name)
        .orElseThrow(
            () ->
                new CheckpointException(
                    "Cannot find tensor %s in %s: the file belongs to another model or is incomplete",
                    name, file));
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }

  /**
   * An entry of the header or a part of it, with name and dtype as there.
   *
   * @param shape row-major; read-only and not copied
   * @param offset offset of the first byte in the file
   */
  public record TensorInfo(String name, String dtype, long[] shape, long offset, long bytes) {

    /** The dtype; throws {@link CheckpointException} if a {@link Tensor} cannot have it. */
    public DType requireFloatType() {
      return Arrays.stream(DType.values())
          .filter(type -> type.safetensorsName().equals(dtype))
          .findFirst()
          .orElseThrow(
              () ->
                  new CheckpointException(
                      "Cannot use tensor %s: its dtype is %s; supported are F32, BF16 and F16",
                      name, dtype));
    }
  }
}
