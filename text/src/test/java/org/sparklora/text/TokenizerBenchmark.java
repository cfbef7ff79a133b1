package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;

/**
 * Prints how fast one thread encodes the texts of JSON lines, in MB of UTF-8 and tokens for each
 * second of its CPU time, pass by pass. A row's text is all of its columns of text.
 *
 * <p>Run: {@code java -cp … org.sparklora.text.TokenizerBenchmark TOKENIZER_FOLDER FILE.jsonl
 * [passes]}.
 */
final class TokenizerBenchmark {
  private static final ThreadMXBean THREADS = ManagementFactory.getThreadMXBean();

  private TokenizerBenchmark() {}

  public static void main(String[] args) throws IOException {
    long start = THREADS.getCurrentThreadCpuTime();
    Tokenizer tokenizer = Tokenizer.load(Path.of(args[0]), TokenizerDialect.FILE);
    System.out.printf("loaded in %.2f CPU seconds%n", secondsSince(start));
    List<String> texts;
    try (Stream<String> lines = Files.lines(Path.of(args[1]))) {
      texts = lines.map(TokenizerBenchmark::text).toList();
    }
    double megabytes =
        texts.stream().mapToLong(t -> t.getBytes(StandardCharsets.UTF_8).length).sum() / 1e6;
    for (int pass = 0; pass < (args.length > 2 ? Integer.parseInt(args[2]) : 4); pass++) {
      long tokens = 0;
      start = THREADS.getCurrentThreadCpuTime();
      for (String text : texts) {
        tokens += tokenizer.encode(text, false).length;
      }
      double seconds = secondsSince(start);
      System.out.printf(
          "pass %d: %.1f MB, %.1f MB/s, %,d tokens, %.2f M tokens/s%n",
          pass, megabytes, megabytes / seconds, tokens, tokens / 1e6 / seconds);
    }
  }

  private static String text(String line) {
    try {
      JsonNode row = GoldenTokenizers.JSON.readTree(line);
      List<String> columns =
          StreamSupport.stream(row.spliterator(), false)
              .filter(JsonNode::isTextual)
              .map(JsonNode::textValue)
              .toList();
      return String.join("\n", columns);
    } catch (IOException e) {
      throw new IllegalArgumentException(e);
    }
  }

  private static double secondsSince(long start) {
    return (THREADS.getCurrentThreadCpuTime() - start) / 1e9;
  }
}
