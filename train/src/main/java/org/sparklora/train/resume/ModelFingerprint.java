package org.sparklora.train.resume;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.pipeline.table.Sha256;

/**
 * Identifies a base model without reading all weights: SHA-256 of {@code config.json} and of the
 * size and evenly spaced samples of each file that weights are read from. Two models of one
 * architecture differ in nearly every weight, so samples suffice. The folder's name is ignored.
 */
public final class ModelFingerprint {
  private static final String SINGLE_FILE = "model.safetensors";
  private static final int SAMPLES = 32;
  private static final int SAMPLE_BYTES = 4096;
  private static final int SHOWN_DIGITS = 16;

  private ModelFingerprint() {}

  public static String of(Path folder) throws IOException {
    return of(folder, "config.json");
  }

  public static String ofAdapter(Path folder) throws IOException {
    return of(folder, "adapter_config.json");
  }

  /** The fingerprint of the adapter that a run starts from, in words; also if there is none. */
  public static String ofAdapter(Optional<Path> folder) throws IOException {
    return folder.isPresent()
        ? "an adapter with fingerprint " + ofAdapter(folder.get())
        : "no adapter";
  }

  private static String of(Path folder, String config) throws IOException {
    MessageDigest digest = Sha256.digest();
    digest.update(Files.readAllBytes(folder.resolve(config)));
    for (Path file : weights(folder)) {
      sample(file, digest);
    }
    return HexFormat.of().formatHex(digest.digest()).substring(0, SHOWN_DIGITS);
  }

  /** Leaves out an optimizer's state and weights in other layouts, which a copy may lack. */
  private static List<Path> weights(Path folder) throws IOException {
    Path index = folder.resolve(SINGLE_FILE + ".index.json");
    boolean sharded = Files.exists(index) && !Files.exists(folder.resolve(SINGLE_FILE));
    String named = sharded ? Files.readString(index) : '"' + SINGLE_FILE + '"';
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.endsWith(".safetensors"))
          .filter(name -> name.equals(AdapterFile.WEIGHTS) || named.contains('"' + name + '"'))
          .sorted()
          .map(folder::resolve)
          .toList();
    }
  }

  private static void sample(Path file, MessageDigest digest) throws IOException {
    try (FileChannel channel = FileChannel.open(file)) {
      long size = channel.size();
      digest.update(ByteBuffer.allocate(Long.BYTES).putLong(size).flip());
      for (int sample = 0; sample < SAMPLES; sample++) {
        ByteBuffer bytes = ByteBuffer.allocate(SAMPLE_BYTES);
        long at = Math.max(0, size - SAMPLE_BYTES) / (SAMPLES - 1) * sample;
        while (bytes.hasRemaining() && channel.read(bytes, at + bytes.position()) >= 0) {
          // a read may end early
        }
        digest.update(bytes.flip());
      }
    }
  }
}
