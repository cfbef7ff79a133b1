package org.sparklora.train.grpo;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.Completion.StopReason;
import org.sparklora.pipeline.table.Generation;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;
import org.sparklora.train.TestModels;

class GenerateStageTest {
  /** TRL's {@code ids[-1] not in [eos_token_id, pad_token_id]}. */
  @Test
  void aCompletionOfFullLengthThatEndsInTheTokenThatPadsIsNotTruncated(@TempDir Path folder)
      throws IOException {
    Path model = TestModels.copy("llama-tiny", folder);
    Tokenizer tokenizer = Tokenizer.load(model, TokenizerDialect.FILE);
    int pad = tokenizer.padId().orElseThrow();
    int eos = tokenizer.eosId().orElseThrow();
    assertThat(pad).isNotEqualTo(eos);

    assertThat(isTruncated(tokenizer, StopReason.LENGTH, pad + 1, pad)).isFalse();
    assertThat(isTruncated(tokenizer, StopReason.LENGTH, pad, pad + 1)).isTrue();
    assertThat(isTruncated(tokenizer, StopReason.EOS, pad + 1, eos)).isFalse();
  }

  private static boolean isTruncated(Tokenizer tokenizer, StopReason reason, int... tokens) {
    Completion completion = new Completion(0, 0, tokens, new float[tokens.length], reason);
    return new Generation(
            new Prompt(0, "?", new int[] {1}, Optional.empty(), Map.of()),
            0,
            "",
            tokens,
            completion.logProbs(),
            GenerateStage.stopReason(completion, tokenizer))
        .isTruncated();
  }
}
