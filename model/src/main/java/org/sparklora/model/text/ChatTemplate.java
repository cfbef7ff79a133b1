package org.sparklora.model.text;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sparklora.model.text.jinja.JinjaException;
import org.sparklora.model.text.jinja.Limits;
import org.sparklora.model.text.jinja.Rendering;
import org.sparklora.model.text.jinja.Template;

/**
 * A checkpoint's chat template: turns a conversation into the text the model was trained on, as
 * transformers' {@code apply_chat_template} does.
 *
 * <p>Immutable and thread-safe.
 */
public final class ChatTemplate {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Pattern GENERATION = Pattern.compile("\\{%[-+]?\\s*generation\\s*[-+]?%}");

  /** The special tokens a template may name, as keys of tokenizer_config.json. */
  private static final List<String> SPECIAL_TOKENS =
      List.of(
          "bos_token",
          "eos_token",
          "unk_token",
          "sep_token",
          "pad_token",
          "cls_token",
          "mask_token");

  private final String source;
  private final Template template;
  private final Map<String, Object> specialTokens;
  private final Clock clock;
  private final Optional<ChatTemplate> toolUse; // in this one's place where there are tools

  private ChatTemplate(
      String source,
      Map<String, Object> specialTokens,
      Clock clock,
      Optional<ChatTemplate> toolUse) {
    this.source = source;
    this.specialTokens = Map.copyOf(specialTokens);
    this.clock = clock;
    this.toolUse = toolUse;
    try {
      this.template = Template.parse(source);
    } catch (JinjaException e) {
      throw new ChatTemplateException(
          "Cannot parse the chat template, line %d: %s".formatted(e.line(), e.getMessage()),
          false,
          e);
    }
  }

  /**
   * The template of a checkpoint folder: {@code chat_template.jinja} if there is one, else {@code
   * chat_template} of {@code tokenizer_config.json} (of several named ones, {@code default}, and
   * {@code tool_use} for conversations with tools).
   *
   * @return empty if the folder has none, as base models do
   * @throws ChatTemplateException if it cannot be parsed
   */
  public static Optional<ChatTemplate> load(Path folder) {
    try {
      JsonNode config = readIfThere(folder.resolve("tokenizer_config.json"));
      Map<String, Object> tokens =
          specialTokens(config, readIfThere(folder.resolve("special_tokens_map.json")));
      Path file = folder.resolve("chat_template.jinja");
      if (Files.exists(file)) {
        return Optional.of(of(Files.readString(file), tokens));
      }
      JsonNode template = config.path("chat_template");
      Optional<ChatTemplate> toolUse = named(template, "tool_use").map(text -> of(text, tokens));
      return (template.isTextual() ? Optional.of(template.asText()) : named(template, "default"))
          .map(text -> new ChatTemplate(text, tokens, Clock.systemDefaultZone(), toolUse));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the chat template in " + folder, e);
    }
  }

  /**
   * A template from its source, for a tokenizer with these special tokens ({@code bos_token} …).
   */
  public static ChatTemplate of(String source, Map<String, Object> specialTokens) {
    return new ChatTemplate(source, specialTokens, Clock.systemDefaultZone(), Optional.empty());
  }

  private static JsonNode readIfThere(Path file) throws IOException {
    return Files.exists(file) ? JSON.readTree(file.toFile()) : JSON.createObjectNode();
  }

  private static Map<String, Object> specialTokens(JsonNode config, JsonNode older) {
    Map<String, Object> tokens = new HashMap<>();
    for (String name : SPECIAL_TOKENS) {
      JsonNode token = config.hasNonNull(name) ? config.get(name) : older.path(name);
      JsonNode text = token.isObject() ? token.path("content") : token;
      if (text.isTextual()) {
        tokens.put(name, text.asText());
      }
    }
    return tokens;
  }

  /** One of several templates; one that stands alone is the default, whatever its name. */
  private static Optional<String> named(JsonNode templates, String name) {
    Optional<String> chosen = Optional.empty();
    for (JsonNode entry : templates) {
      boolean alone = templates.size() == 1 && name.equals("default");
      if (alone || entry.path("name").asText().equals(name)) {
        chosen = Optional.of(entry.path("template").asText());
      }
    }
    return chosen;
  }

  /** The same template with another clock behind {@code strftime_now}, for reproducible dates. */
  public ChatTemplate withClock(Clock newClock) {
    return new ChatTemplate(
        source, specialTokens, newClock, toolUse.map(other -> other.withClock(newClock)));
  }

  /**
   * The template to train with when only the assistant's words carry loss: this one if it marks
   * them with {@code {% generation %}}, else the marked twin of a well-known template.
   *
   * @return empty if the template marks nothing and is not a well-known one
   */
  public Optional<ChatTemplate> forAssistantOnlyLoss() {
    return marksGeneration()
        ? Optional.of(this)
        : TrainingTemplates.twinOf(fingerprint())
            .map(text -> new ChatTemplate(text, specialTokens, clock, Optional.empty()));
  }

  /** Whether the template marks what the assistant says. */
  public boolean marksGeneration() {
    return GENERATION.matcher(source).find();
  }

  /** SHA-256 of the source, and of the one for tools if there is one, in hexadecimal. */
  public String fingerprint() {
    try {
      MessageDigest digest = MessageDigest.getInstance("SHA-256");
      digest.update(source.getBytes(StandardCharsets.UTF_8));
      toolUse.ifPresent(other -> digest.update(other.source.getBytes(StandardCharsets.UTF_8)));
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError("Every Java platform has SHA-256", e);
    }
  }

  /**
   * Renders a conversation.
   *
   * @throws ChatTemplateException if the template refuses it, fails or exceeds its limits
   */
  public Rendered render(Conversation conversation, Options options) {
    Map<String, Object> variables = new HashMap<>(specialTokens);
    variables.put("tools", null);
    variables.put("documents", null);
    variables.putAll(conversation.variables());
    variables.putAll(options.variables());
    if (toolUse.isPresent() && variables.get("tools") != null) {
      return toolUse.get().render(conversation, options);
    }
    variables.put("messages", conversation.messages().stream().map(Message::fields).toList());
    variables.put("add_generation_prompt", options.addGenerationPrompt());
    try {
      Rendering rendering = template.render(variables, clock, Limits.defaults());
      return new Rendered(
          rendering.text(),
          rendering.generated().stream().map(span -> new Span(span.start(), span.end())).toList());
    } catch (JinjaException e) {
      String where =
          e.raisedByTemplate()
              ? "The chat template refuses the conversation"
              : "The chat template fails";
      throw new ChatTemplateException(
          "%s, line %d: %s".formatted(where, e.line(), e.getMessage()), e.raisedByTemplate(), e);
    }
  }

  /**
   * How to render.
   *
   * @param addGenerationPrompt end with the beginning of the assistant's next turn
   * @param variables further variables, such as {@code enable_thinking}
   */
  public record Options(boolean addGenerationPrompt, Map<String, Object> variables) {

    /** Whole conversations, for training. */
    public static Options training() {
      return new Options(false, Map.of());
    }

    /** Up to where the assistant answers. */
    public static Options prompt() {
      return new Options(true, Map.of());
    }
  }

  /**
   * A rendered conversation.
   *
   * @param generated where the assistant's words stand, if the template marks them
   */
  public record Rendered(String text, List<Span> generated) {}

  /** Characters {@code [start, end)} of a text, in UTF-16 units. */
  public record Span(int start, int end) {}
}
