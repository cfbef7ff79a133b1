package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.lang.ref.WeakReference;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntFunction;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.sparklora.text.json.JsonFields;

class TokenizerPipelineTest {
  private static final String SMALL =
      """
      {"added_tokens": [], "decoder": {"type": "ByteLevel"},
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
      """;

  /** Letters, ▁, and two tokens that are found in normalised text. */
  private static final String SPACED =
      """
      {"added_tokens": [{"id": 5, "content": "[X]"}, {"id": 6, "content": "a b"}],
       "pre_tokenizer": {"type": "Metaspace", "prepend_scheme": "SCHEME", "split": false},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "▁": 2, "▁b": 3}, "merges": ["▁ b"]}}
      """;

  /** Collections that a JVM may take to clear a weak reference. */
  private static final int COLLECTIONS = 100;

  private static TokenizerPipeline read(String json) throws IOException {
    return new TokenizerPipeline(
        JsonFields.of(Path.of("tokenizer.json"), new ObjectMapper().readTree(json)), List.of());
  }

  private static WeakReference<TokenizerPipeline> used() throws IOException {
    TokenizerPipeline pipeline = read(SMALL);
    assertThat(pipeline.encode("abb", true, false)[0]).containsExactly(2, 1);
    return new WeakReference<>(pipeline);
  }

  /** Expects the ids and offsets of tokenizers 0.23. */
  @ParameterizedTest
  @CsvSource({
    "first, [X] b, '5 3', '0-3 3-5'",
    "first, b[X]b, '3 5 1', '0-1 1-4 4-5'",
    "always, b[X]b, '3 5 3', '0-1 1-4 4-5'",
    "first, b a b, '3 2 6', '0-1 1-2 2-5'",
    "never, a b[X], '6 5', '0-3 3-6'",
  })
  void metaspaceRewritesTheTextBetweenAddedTokens(
      String scheme, String text, String ids, String positions) throws IOException {
    TokenizerPipeline pipeline = read(SPACED.replace("SCHEME", scheme));

    int[][] found = pipeline.encode(text, false, true);

    assertThat(joined(i -> "" + found[0][i], found)).isEqualTo(ids);
    assertThat(joined(i -> found[1][i] + "-" + found[2][i], found)).isEqualTo(positions);
    assertThat(pipeline.encode(text, false, false)[0]).containsExactly(found[0]);
  }

  /** Tokenizers 0.23 asks for the place in the original text. */
  @Test
  void aTextWhoseBeginningTheNormalizerRemovesIsNotTheFirst() throws IOException {
    TokenizerPipeline pipeline =
        read(
            SPACED
                .replace("SCHEME", "first")
                .replace(
                    "\"pre_tokenizer\"",
                    "\"normalizer\": {\"type\": \"Replace\", \"pattern\": {\"String\": \"q\"}, \"content\": \"\"}, \"pre_tokenizer\""));
    assertThat(pipeline.encode("qb[X]b", false, false)[0]).containsExactly(1, 5, 1);
    assertThat(pipeline.encode("bq[X]b", false, false)[0]).containsExactly(3, 5, 1);
  }

  @Test
  void decodersRewriteTheListOfTokensOneAfterTheOther() throws IOException {
    String json =
        """
        {"decoder": {"type": "Sequence", "decoders": [
           {"type": "Replace", "pattern": {"String": "▁"}, "content": " $0"},
           {"type": "ByteFallback"}, {"type": "Fuse"},
           {"type": "Strip", "content": " ", "start": 1, "stop": 0}]},
         "model": {"type": "BPE", "merges": [],
           "vocab": {"▁a": 0, "<0xC3>": 1, "<0xA9>": 2, "b": 3, "<0xFF>": 4}}}
        """;
    TokenizerPipeline pipeline = read(json);

    assertThat(pipeline.decode(new int[] {0, 1, 2, 3, 0, 4}, false)).isEqualTo("$0aéb $0a\uFFFD");
  }

  private static String joined(IntFunction<String> told, int[][] found) {
    return IntStream.range(0, found[0].length).mapToObj(told).collect(Collectors.joining(" "));
  }

  @Test
  void aPooledThreadKeepsNoPipelineThatItUsed() throws ExecutionException, InterruptedException {
    ExecutorService pool = Executors.newSingleThreadExecutor();
    try {
      WeakReference<TokenizerPipeline> pipeline = pool.submit(TokenizerPipelineTest::used).get();
      for (int i = 0; i < COLLECTIONS && !pipeline.refersTo(null); i++) {
        System.gc();
        Thread.sleep(10);
      }
      assertThat(pipeline.refersTo(null)).isTrue();
    } finally {
      pool.shutdown();
    }
  }
}
