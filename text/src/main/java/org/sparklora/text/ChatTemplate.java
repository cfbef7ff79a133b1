package org.sparklora.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import org.sparklora.text.jinja.Rendering;
import org.sparklora.text.jinja.Template;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.json.CheckpointException;
import org.sparklora.text.json.JsonFields;
import org.sparklora.text.json.JsonFile;

/**
 * A checkpoint's chat template: turns a conversation into the text the model was trained on, as
 * transformers' {@code apply_chat_template} does.
 *
 * <p>Immutable and thread-safe.
 */
public final class ChatTemplate {
  private static final String FILE = "chat_template.jinja";
  private static final String TOOL_USE = "additional_chat_templates/tool_use.jinja";
  private static final String KEY = "chat_template";

  /** The largest template that is read; the longest known one has some 20,000 characters. */
  private static final int MAX_BYTES = 4 << 20;

  private static final String EMPTY =
      "Cannot use the chat template%s: it is empty, and would turn every conversation into nothing; write one, or remove it";

  private static final Clock NOW = Clock.systemDefaultZone();

  private static final Pattern GENERATION = Pattern.compile("\\{%[-+]?\\s*generation\\s*[-+]?%}");

  /**
   * SHA-256 of a well-known model's published template → a rewritten template that marks the
   * assistant's words. TRL 1.16 swaps in such templates for {@code assistant_only_loss}; ours
   * render the same text as TRL's.
   */
  private static final Map<String, String> TRAINING_TWINS =
      Map.of(
          "a55ee1b1660128b7098723e0abcd92caa0788061051c62d51cbe87d9cf1974d8", "qwen3.jinja",
          "64f85b198065d0fba2a81f37e10ed68161ce2c19a754c7100e67e0ca2ee9c326", "qwen3_2507.jinja",
          "cd8e9439f0570856fd70470bf8889ebd8b5d1107207f67a5efb46e342330527f", "qwen2_5.jinja",
          "ba03a121d097859c7b5b9cd03af99aafe95275210d2876f642ad9929a150f122", "llama3.jinja",
          "7de1c58e208eda46e9c7f86397df37ec49883aeece39fb961e0a6b24088dd3c4", "gemma3.jinja");

  private final String name; // " FILE", for messages
  private final String source;
  private final Template template;
  private final Map<String, String> specialTokens;
  private final Optional<ChatTemplate> toolUse; // replaces this template if tools are given
  private final Clock clock; // for strftime_now

  private ChatTemplate(
      String name,
      String source,
      Map<String, String> specialTokens,
      Optional<ChatTemplate> toolUse,
      Clock clock) {
    this.name = name;
    this.source = source;
    this.specialTokens = Map.copyOf(specialTokens);
    this.toolUse = toolUse;
    this.clock = clock;
    try {
      this.template = Template.parse(source);
    } catch (JinjaException e) {
      throw new ChatTemplateException(
          e,
          "Cannot parse the chat template%s, line %d: %s; correct it, or give another by --chat_template_path",
          name,
          e.line(),
          e.getMessage());
    }
  }

  /**
   * The template of a checkpoint folder: {@code chat_template.jinja} if it exists (for
   * conversations with tools, {@code additional_chat_templates/tool_use.jinja}), else {@code
   * chat_template} of {@code tokenizer_config.json} (of several named templates, {@code default},
   * and {@code tool_use} for conversations with tools).
   *
   * @return empty if the folder has no template, as for base models
   * @throws ChatTemplateException if the template cannot be parsed
   * @throws CheckpointException if a file cannot be read, or the template's is blank or too long
   */
  public static Optional<ChatTemplate> load(Path folder) {
    try {
      Path configFile = folder.resolve(SpecialTokens.CONFIG_FILE);
      JsonFields config = JsonFields.readIfThere(configFile);
      Map<String, String> tokens = SpecialTokens.read(folder).byName();
      Path file = folder.resolve(FILE);
      if (JsonFile.isThere(file)) {
        Path tools = folder.resolve(TOOL_USE);
        Optional<ChatTemplate> toolUse =
            JsonFile.isThere(tools)
                ? Optional.of(of(read(tools), tokens, tools))
                : Optional.empty();
        return Optional.of(new ChatTemplate(" " + file, read(file), tokens, toolUse, NOW));
      }
      Map<String, String> templates = templates(config);
      Optional<ChatTemplate> toolUse =
          Optional.ofNullable(templates.get("tool_use")).map(text -> of(text, tokens, configFile));
      return Optional.ofNullable(templates.get("default"))
          .map(
              text ->
                  new ChatTemplate(" " + KEY + " of " + configFile, text, tokens, toolUse, NOW));
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the chat template in " + folder, e);
    }
  }

  private static String read(Path file) throws IOException {
    return decode(JsonFile.readBytes(file), file.toString());
  }

  /**
   * A template from its source, for a tokenizer with these special tokens ({@code bos_token} …).
   *
   * @param file the file that holds the source, for messages
   */
  public static ChatTemplate of(String source, Map<String, String> specialTokens, Object file) {
    return new ChatTemplate(" " + file, source, specialTokens, Optional.empty(), NOW);
  }

  /**
   * Decodes the bytes of a template file.
   *
   * @param file the file's name, for messages
   * @throws CheckpointException if the file is not UTF-8, blank, or too long
   */
  public static String decode(byte[] bytes, String file) {
    if (bytes.length > MAX_BYTES) {
      throw new CheckpointException(
          "Cannot use the chat template %s: it has %,d bytes, at most %,d are read; give the model's own",
          file, bytes.length, MAX_BYTES);
    }
    ByteBuffer in = ByteBuffer.wrap(bytes);
    CharBuffer text = CharBuffer.allocate(bytes.length);
    if (StandardCharsets.UTF_8.newDecoder().decode(in, text, true).isError()) {
      throw new CheckpointException(
          "Cannot read the chat template %s: not UTF-8 at byte %,d; save it as UTF-8",
          file, in.position());
    }
    String source = text.flip().toString();
    if (source.isBlank()) {
      throw new CheckpointException(EMPTY, " " + file);
    }
    return source;
  }

  /**
   * The templates of tokenizer_config.json by name; a single template is the default, whatever its
   * name.
   */
  private static Map<String, String> templates(JsonFields config) {
    JsonNode given = config.json().path(KEY);
    if (given.isTextual()) {
      return Map.of("default", given.textValue());
    }
    if (config.has(KEY) && !given.isContainerNode()) {
      throw config.refusal(KEY, given, "must be a template's text, a list of named ones, or null");
    }
    Map<String, String> templates = new LinkedHashMap<>();
    given.properties().forEach(entry -> put(entry.getKey(), entry.getValue(), config, templates));
    if (given.isArray()) {
      given.forEach(
          entry -> put(entry.path("name").textValue(), entry.path("template"), config, templates));
    }
    return templates.size() == 1
        ? Map.of("default", templates.values().iterator().next())
        : templates;
  }

  private static void put(
      String name, JsonNode template, JsonFields config, Map<String, String> templates) {
    if (name == null || !template.isTextual()) {
      throw config.refusal(
          KEY, config.json().get(KEY), "each of several templates needs a name and a template");
    }
    templates.put(name, template.textValue());
  }

  /**
   * The template to train with when only the assistant's words carry loss: this one if it marks
   * them with {@code {% generation %}}, else the marked twin of a well-known template.
   *
   * @return empty if the template marks nothing and is not a well-known one
   */
  public Optional<ChatTemplate> forAssistantOnlyLoss() {
    return GENERATION.matcher(source).find()
        ? Optional.of(this)
        : Optional.ofNullable(TRAINING_TWINS.get(fingerprint())).map(this::trainingTwin);
  }

  private ChatTemplate trainingTwin(String file) {
    try (InputStream in = ChatTemplate.class.getResourceAsStream("training/" + file)) {
      String text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      return new ChatTemplate(name, text, specialTokens, Optional.empty(), clock);
    } catch (IOException e) {
      throw new UncheckedIOException("Cannot read the training template " + file, e);
    }
  }

  /** This template with other special tokens in place of those of the same names. */
  public ChatTemplate withTokens(Map<String, String> others) {
    Map<String, String> tokens = new HashMap<>(specialTokens);
    tokens.putAll(others);
    return with(tokens, clock);
  }

  /** This template with another clock for {@code strftime_now}, by default the system's. */
  public ChatTemplate at(Clock time) {
    return with(specialTokens, time);
  }

  private ChatTemplate with(Map<String, String> tokens, Clock time) {
    return new ChatTemplate(
        name, source, tokens, toolUse.map(other -> other.with(tokens, time)), time);
  }

  /** Writes the template into a checkpoint folder, in place of the folder's own. */
  public void save(Path folder) throws IOException {
    Files.writeString(folder.resolve(FILE), source);
    Path tools = folder.resolve(TOOL_USE);
    Files.deleteIfExists(tools);
    if (toolUse.isPresent()) {
      Files.createDirectories(tools.getParent());
      Files.writeString(tools, toolUse.get().source);
    }
  }

  /** SHA-256 in hexadecimal of the source, followed by the {@code tool_use} source if set. */
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
  public Rendering render(Conversation conversation, Options options) {
    if (source.isBlank()) { // as base models may have it in tokenizer_config.json
      throw new ChatTemplateException(null, EMPTY, name);
    }
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
      Rendering rendering = template.render(variables, clock);
      // UTF-8 cannot hold half of a pair, and transformers' tokenizers refuse it
      if (!StandardCharsets.UTF_8.newEncoder().canEncode(rendering.text())) {
        throw new ChatTemplateException(
            null,
            "The chat template%s writes half of a surrogate pair, which is no text; correct its escapes",
            name);
      }
      return rendering;
    } catch (JinjaException e) {
      String where =
          e.raisedByTemplate()
              ? "The chat template%s refuses the conversation"
              : "The chat template%s fails";
      throw new ChatTemplateException(e, where + ", line %d: %s", name, e.line(), e.getMessage());
    }
  }

  /**
   * Options of {@link ChatTemplate#render}.
   *
   * @param addGenerationPrompt whether to end with the beginning of the assistant's next turn
   * @param variables further variables, such as {@code enable_thinking}
   */
  public record Options(boolean addGenerationPrompt, Map<String, Object> variables) {

    /** Renders whole conversations, for training. */
    public static Options training() {
      return new Options(false, Map.of());
    }

    /** Renders up to the beginning of the assistant's answer. */
    public static Options prompt() {
      return new Options(true, Map.of());
    }
  }
}
