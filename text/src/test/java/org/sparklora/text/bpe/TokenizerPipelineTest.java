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
import org.junit.jupiter.api.Test;
import org.sparklora.text.json.JsonFields;

class TokenizerPipelineTest {
  private static final String SMALL =
      """
      {"added_tokens": [], "decoder": {"type": "ByteLevel"},
       "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true},
       "model": {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}}
      """;

  /** Collections that a JVM may take to clear a weak reference. */
  private static final int COLLECTIONS = 100;

  private static WeakReference<TokenizerPipeline> used() throws IOException {
    JsonFields json = JsonFields.of(Path.of("tokenizer.json"), new ObjectMapper().readTree(SMALL));
    TokenizerPipeline pipeline = new TokenizerPipeline(json, List.of());
    assertThat(pipeline.encode("abb", true)).containsExactly(2, 1);
    return new WeakReference<>(pipeline);
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
