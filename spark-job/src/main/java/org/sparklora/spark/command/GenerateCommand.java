package org.sparklora.spark.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sparklora.model.Decoder;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.generate.Completion;
import org.sparklora.model.generate.EndTokens;
import org.sparklora.model.generate.Generator;
import org.sparklora.model.generate.Prompt;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.kernels.Kernels;
import org.sparklora.model.kernels.KernelsProvider;
import org.sparklora.model.kernels.Tensor;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.text.ChatTemplate;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;

/**
 * {@code generate}: completions of prompts by a model, with or without an adapter.
 *
 * <p>A row has {@code prompt}, a text or a list of messages, or {@code input_ids}; a {@code
 * prompt_id} of its own, or its number in the file. Each completion becomes a row with {@code
 * prompt_id}, {@code completion}, {@code completion_ids}, {@code logprobs} and {@code stop_reason}.
 */
public final class GenerateCommand {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Prompts whose completions are held before they are written. */
  private static final int PROMPTS_AT_ONCE = 256;

  private final Generator generator;
  private final Tensor parameters;
  private final SamplingConfig config;
  private final RowText texts;

  private GenerateCommand(
      Generator generator, Tensor parameters, SamplingConfig config, RowText texts) {
    this.generator = generator;
    this.parameters = parameters;
    this.config = config;
    this.texts = texts;
  }

  /** Runs the command; the output appears only when it is complete. */
  public static void run(Settings settings) throws IOException {
    Path folder = ModelReference.of(settings).folder();
    Kernels kernels = KernelsProvider.kernels();
    try (CheckpointFolder checkpoint = CheckpointFolder.open(folder);
        var in = new JsonLines.Reader(Path.of(settings.requiredText("input")));
        var out = new JsonLines.Writer(Path.of(settings.requiredText("output")))) {
      RowText texts = RowText.of(folder, ChatTemplate.Options.prompt());
      SamplingConfig config = config(settings, folder, texts);
      Optional<ModelReference> adapterFolder = ModelReference.of(settings, "adapter");
      Optional<AdapterFile> adapter = Optional.empty();
      if (adapterFolder.isPresent()) {
        adapter = Optional.of(AdapterFile.open(adapterFolder.get().folder(), checkpoint.config()));
      }
      ParameterLayout layout =
          adapter.<ParameterLayout>map(AdapterFile::layout).orElse(ParameterLayout.none());
      try (Tensor parameters = kernels.allocate(layout.size());
          Generator generator = new Generator(Decoder.load(checkpoint, layout, kernels), kernels)) {
        if (adapter.isPresent()) {
          adapter.get().load(kernels, parameters);
        }
        new GenerateCommand(generator, parameters, config, texts).generateAll(in, out);
      }
      out.finish();
    }
  }

  private static SamplingConfig config(Settings settings, Path folder, RowText texts)
      throws IOException {
    Set<Integer> endTokens =
        settings.isOn("ignore_eos") ? Set.of() : EndTokens.of(folder, texts.tokenizer());
    return new SamplingConfig(
        settings.optionalInteger("num_generations").orElse(1),
        settings.integer("max_completion_length"),
        (float) settings.number("temperature"),
        settings.integer("top_k"),
        (float) settings.number("top_p"),
        (float) settings.number("min_p"),
        (float) settings.number("repetition_penalty"),
        endTokens,
        settings.integer("seed"));
  }

  private void generateAll(JsonLines.Reader in, JsonLines.Writer out) throws IOException {
    Map<Long, Integer> lines = new HashMap<>(); // of all prompts so far
    List<Prompt> pending = new ArrayList<>();
    long number = 0;
    while (in.hasNext()) {
      JsonLines.Row row = in.next();
      Prompt prompt = prompt(row, number++);
      Integer other = lines.putIfAbsent(prompt.id(), row.line());
      if (other != null) {
        throw row.error("its prompt_id %d is that of line %d".formatted(prompt.id(), other));
      }
      pending.add(prompt);
      if (pending.size() == PROMPTS_AT_ONCE) {
        generate(pending, out);
      }
    }
    generate(pending, out);
  }

  private Prompt prompt(JsonLines.Row row, long number) {
    ObjectNode fields = row.fields();
    JsonNode id = fields.path("prompt_id");
    if (!id.isMissingNode() && !id.canConvertToLong()) {
      throw row.error("prompt_id is %s where a whole number belongs".formatted(id));
    }
    if (!fields.hasNonNull("input_ids")) {
      fields.set(fields.path("prompt").isArray() ? "messages" : "text", fields.get("prompt"));
      if (!texts.addTokens(row)) {
        throw row.error("it has neither prompt nor input_ids");
      }
    }
    int[] tokens = row.integers("input_ids");
    if (tokens.length == 0) {
      throw row.error("its prompt has no tokens");
    }
    return new Prompt(id.isMissingNode() ? number : id.longValue(), tokens);
  }

  private void generate(List<Prompt> prompts, JsonLines.Writer out) throws IOException {
    for (Completion completion : generator.generate(parameters, prompts, config)) {
      out.write(fields(completion));
    }
    prompts.clear();
  }

  private ObjectNode fields(Completion completion) {
    ObjectNode fields = JSON.createObjectNode();
    fields.put("prompt_id", completion.promptId());
    fields.put("completion", texts.tokenizer().decode(completion.tokens(), true));
    ArrayNode ids = fields.putArray("completion_ids");
    ArrayNode logProbs = fields.putArray("logprobs");
    for (int t = 0; t < completion.tokens().length; t++) {
      ids.add(completion.tokens()[t]);
      logProbs.add(completion.logProbs()[t]);
    }
    fields.put("stop_reason", completion.stopReason().name().toLowerCase(Locale.ROOT));
    return fields;
  }
}
