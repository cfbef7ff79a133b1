package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.PlainText;
import org.sparklora.model.ParameterLayout;
import org.sparklora.model.lora.AdapterLayout;

/**
 * The {@code README.md} of a result folder, with the front matter that the hub and PEFT read.
 *
 * @param base name of the base model
 * @param name of the run
 * @param layout of the trained parameters
 * @param dataset name of the dataset
 * @param method of training
 * @param facts further lines of the table, by their labels
 */
public record ModelCard(
    String base,
    String name,
    ParameterLayout layout,
    String dataset,
    Method method,
    Map<String, String> facts) {

  private static final String FILE_NAME = "README.md";
  private static final int LONGEST_NAME = 500;

  /** Names that YAML reads as strings: a path, or a repository of the hub. */
  private static final Pattern PLAIN = Pattern.compile("[A-Za-z0-9._/][\\w./@-]*/[\\w.@/-]*");

  /** How a model was trained. */
  public enum Method {
    SFT("supervised fine-tuning", "loss of each step", "loss.png", "sft_config.yaml"),
    GRPO(
        "GRPO, on rewards of its own completions",
        "reward of each round",
        "reward.png",
        "grpo_config.yaml");

    private final String words;
    private final String curve;

    /** Name of the image of the run's curves. */
    final String plot;

    /** Name of the file that holds all settings. */
    final String settings;

    Method(String words, String curve, String plot, String settings) {
      this.words = words;
      this.curve = curve;
      this.plot = plot;
      this.settings = settings;
    }

    String tag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * Writes the card into a folder that has all other files; shows the curves if their image exists.
   */
  public void write(Path folder) throws IOException {
    Files.writeString(folder.resolve(FILE_NAME), text(Files.exists(folder.resolve(method.plot))));
  }

  private String text(boolean plotted) {
    boolean adapter = layout instanceof AdapterLayout;
    return """
        ---
        %s%slibrary_name: %s
        model_name: %s
        tags:
        %s
        pipeline_tag: text-generation
        ---

        # %s

        %s, trained on `%s` by %s.

        | | |
        |---|---|
        %s

        The %s is in `trainer_state.json`%s, all settings in `%s`%s

        ## Framework versions

        - spark-lora %s
        - Spark %s
        - Java %s
        """
        .formatted(
            isRepository(base) ? "base_model: %s\n".formatted(yaml(base)) : "",
            isRepository(dataset)
                ? "datasets:\n- %s\n".formatted(yaml(withoutRevision(dataset)))
                : "",
            adapter ? "peft" : "transformers",
            yaml(name),
            tags(adapter),
            shown(name),
            adapter
                ? "A LoRA adapter for `%s`".formatted(shown(base))
                : "All weights of `%s`".formatted(shown(base)),
            shown(dataset),
            method.words,
            table(),
            method.curve,
            plotted ? " and `%s`".formatted(method.plot) : "",
            method.settings,
            plotted ? ":\n\n![%s](%s)".formatted(method.curve, method.plot) : ".",
            version(),
            org.apache.spark.package$.MODULE$.SPARK_VERSION(),
            Runtime.version());
  }

  /** A name in one line, whatever it holds. */
  private static String shown(String name) {
    return PlainText.line(name, LONGEST_NAME);
  }

  /** A name as a YAML value, quoted if YAML could read it as another type. */
  private static String yaml(String name) {
    String line = shown(name);
    return PLAIN.matcher(line).matches() ? line : "'%s'".formatted(line.replace("'", "''"));
  }

  /** Whether a name is a repository of the hub, which refuses cards that link to a folder. */
  private static boolean isRepository(String name) {
    return HubRepo.isId(withoutRevision(name)) && !Files.exists(Path.of(name));
  }

  /** A repository's name without its revision, so that the hub makes a link of it. */
  private static String withoutRevision(String reference) {
    int at = reference.indexOf('@');
    return at > 0 && HubRepo.isId(reference.substring(0, at))
        ? reference.substring(0, at)
        : reference;
  }

  private String table() {
    Map<String, String> lines = new LinkedHashMap<>();
    lines.put("trained parameters", String.format(Locale.ROOT, "%,d", layout.size()));
    lines.putAll(facts);
    if (layout instanceof AdapterLayout lora) {
      lines.put(
          "LoRA",
          "rank %s, alpha %s, dropout %s"
              .formatted(lora.config().rank(), lora.config().alpha(), lora.config().dropout()));
    }
    return lines.entrySet().stream()
        .map(line -> "| %s | %s |".formatted(line.getKey(), line.getValue()))
        .collect(Collectors.joining("\n"));
  }

  private String tags(boolean adapter) {
    List<String> tags =
        adapter
            ? List.of("lora", "peft", method.tag(), "spark-lora", "transformers")
            : List.of("generated_from_trainer", method.tag(), "spark-lora");
    String link = adapter && isRepository(base) ? "- base_model:adapter:%s\n".formatted(base) : "";
    return link + String.join("\n", tags.stream().map(tag -> "- " + tag).toList());
  }

  private static String version() {
    String version = ModelCard.class.getPackage().getImplementationVersion();
    return version == null ? "0.1.0" : version;
  }
}
