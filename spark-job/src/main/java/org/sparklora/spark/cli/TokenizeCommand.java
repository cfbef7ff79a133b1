package org.sparklora.spark.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.LocalPath;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/**
 * {@code tokenize}: text to tokens and back, as transformers does it.
 *
 * <p>A row with {@code messages} gets {@code text} and {@code input_ids}; one with {@code text},
 * its {@code input_ids}; one with {@code input_ids}, its {@code text}.
 */
public final class TokenizeCommand {
  private TokenizeCommand() {}

  /** Runs the command; the output appears only when it is complete. */
  public static void run(Settings settings) throws IOException {
    Map<String, Object> variables = new TreeMap<>();
    settings
        .find(Flags.ENABLE_THINKING)
        .ifPresent(on -> variables.put(Flags.ENABLE_THINKING.name(), on));
    var options = new ChatTemplate.Options(settings.get(Flags.ADD_GENERATION_PROMPT), variables);
    Path input = LocalPath.of(settings, Flags.INPUT);
    var dialect = settings.get(Flags.TOKENIZER_DIALECT, TokenizerDialect.class);
    Path folder = ModelReference.of(settings).folder();
    RowText texts = RowText.of(folder, Tokenizer.load(folder, dialect), options);
    try (var in = new JsonLines.Reader(input);
        var out = JsonLines.Writer.open(settings)) {
      while (in.hasNext()) {
        JsonLines.Row row = in.next();
        if (!texts.addTokens(row)) {
          if (!row.fields().hasNonNull("input_ids")) {
            throw row.error("it has neither messages nor text nor input_ids");
          }
          row.fields().put("text", texts.tokenizer().decode(row.integers("input_ids"), false));
        }
        out.write(row.fields());
      }
      out.finish();
    }
  }
}
