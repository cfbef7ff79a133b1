package org.sparklora.prep;

import java.io.Serializable;
import org.apache.hadoop.conf.Configuration;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;

/** Counts the tokens of a text, without the special tokens that a model adds. */
public record TokenCount(TextSource text) implements Serializable {

  /**
   * Counts with a model's tokenizer.
   *
   * @throws ConfigException if the model has none
   */
  public static TokenCount of(Configuration hadoop, PrepConfig.Model model) {
    TextSource text = TextSource.locate(hadoop, model);
    ConfigException.require(
        ModelText.shared(text).tokenizer().isPresent(),
        Flags.MODEL_NAME_OR_PATH,
        model.reference().name(),
        "there is no tokenizer.json in it; name a folder with a Hugging Face checkpoint");
    return new TokenCount(text);
  }

  public int of(String counted) {
    return ModelText.shared(text).tokenizer().orElseThrow().encode(counted, false).length;
  }
}
