package org.sparklora.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ContainerNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.sparklora.model.checkpoint.CheckpointFolder;
import org.sparklora.model.checkpoint.CheckpointHeaders;
import org.sparklora.model.checkpoint.EndTokens;
import org.sparklora.model.engine.EnginesUnderTest;
import org.sparklora.model.engine.Precision;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.text.ChatTemplate;
import org.sparklora.text.ChatTemplateException;
import org.sparklora.text.Conversation;
import org.sparklora.text.Message;
import org.sparklora.text.Tokenizer;
import org.sparklora.text.TokenizerDialect;

/**
 * Every value of every file of a model, put wrong in every way: what reads them either still works,
 * or says in one line which key of which file is at fault.
 */
class DamagedModelFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  /** Values of every type, and sizes that nothing has. */
  private static final List<String> WRONG =
      List.of(
          """
          null true "" "7" -1 0 1 1.5 -0.5 NOTHING 2147483647 1000000000 -2147483648
          9223372036854775807 1e308 1e999 [] {} [[]] ["\\ud800"] [0] {"type":5} {"a":{}} "\\ud800"
          100000000000000000000
          """
              .split("\\s+"));

  @TempDir Path folder;

  @BeforeEach
  void writeAModel() throws IOException {
    copy(GoldenModel.modelFolder("llama-tiny"), folder);
    copy(GoldenModel.adapterFolder("llama-tiny"), folder.resolve("adapter"));
    Files.writeString(folder.resolve("tokenizer.json"), TOKENIZER);
    Files.writeString(folder.resolve("tokenizer_config.json"), TOKENIZER_CONFIG);
    readAll();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "adapter/adapter_config.json"
      })
  void everyWrongValueIsToldByFileAndKeyOrDoesNoHarm(String name) throws IOException {
    Path file = folder.resolve(name);
    String sound = Files.readString(file);
    List<List<String>> places = places(JSON.readTree(sound));
    assertThat(places).isNotEmpty();
    for (List<String> place : places) {
      for (String wrong : WRONG) {
        Files.writeString(file, changed(JSON.readTree(sound), place, wrong));
        assertToldOrHarmless(file, place, wrong, name.startsWith("tokenizer"));
      }
    }
    Files.writeString(file, sound);
    readAll();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "config.json",
        "generation_config.json",
        "tokenizer.json",
        "tokenizer_config.json",
        "adapter/adapter_config.json"
      })
  void whatIsNotOneJsonObjectIsToldByFile(String name) throws IOException {
    Path file = folder.resolve(name);
    String sound = Files.readString(file);
    for (String damaged :
        List.of(
            "",
            "[]",
            "null",
            "7",
            sound + "x",
            sound + " {}",
            sound.substring(0, sound.length() / 2),
            "[".repeat(100_000),
            "{\"a\":".repeat(100_000),
            "{\"a\": 1, \"a\": 2}",
            "{\"model_type\": NaN}",
            "{\"a\": " + "9".repeat(100_000) + "}")) {
      Files.writeString(file, damaged);
      assertThat(failure().map(Throwable::getMessage).orElse("nothing was told of " + damaged))
          .contains(file.toString())
          .hasSizeLessThan(1000)
          .doesNotContain("\n");
    }
    for (byte[] bytes : new byte[][] {{'{', '"', (byte) 0xFF, '"', ':', '1', '}'}, {0, 0, 0}}) {
      Files.write(file, bytes);
      assertThat(failure().orElseThrow()).hasMessageContaining(file.toString());
    }
    Files.delete(file);
    Files.createDirectory(file);
    assertThat(failure().orElseThrow()).hasMessageContaining(file.toString());
  }

  @Test
  void noTensorsNameLeadsAstray() throws IOException {
    Path index = folder.resolve("model.safetensors.index.json");
    Files.delete(folder.resolve("model.safetensors"));
    for (String shard :
        List.of("7", "\"..\"", "\"/etc/passwd\"", "\"\"", "null", "\"a\\u0000b\"")) {
      Files.writeString(index, "{\"weight_map\": {\"model.norm.weight\": %s}}".formatted(shard));
      assertThat(failure().orElseThrow())
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining(index.toString());
    }
  }

  private void assertToldOrHarmless(Path file, List<String> place, String wrong, boolean isText) {
    String what = "%s with %s at %s".formatted(file.getFileName(), wrong, place);
    Optional<Throwable> failure = failure(isText ? this::readText : this::readAll);
    if (failure.isEmpty()) {
      return;
    }
    boolean ours =
        failure.get() instanceof IllegalArgumentException
            || failure.get() instanceof ChatTemplateException;
    if (!ours) {
      fail(what, failure.get());
    }
    String message = failure.get().getMessage();
    assertThat(message).as(what).contains(file.getFileName().toString()).doesNotContain("\n");
    assertThat(message.length()).as(what + ": " + message).isLessThan(1000);
    boolean named =
        place.stream().anyMatch(message::contains)
            || place.contains("vocab_size") && message.contains("pad_token_id"); // one judges both
    assertThat(named).as(what + ": " + message).isTrue();
  }

  private Optional<Throwable> failure() {
    return failure(this::readAll);
  }

  private static Optional<Throwable> failure(ThrowingCallable reading) {
    try {
      reading.call();
      return Optional.empty();
    } catch (Throwable e) {
      return Optional.of(e);
    }
  }

  /** Reads all files and uses what they describe. */
  private void readAll() throws IOException {
    CheckpointHeaders.read(folder);
    try (CheckpointFolder checkpoint = CheckpointFolder.open(folder)) {
      AdapterFile.open(folder.resolve("adapter"), "base", checkpoint);
      Decoder.load(
          checkpoint,
          AdapterFile.open(folder.resolve("adapter"), checkpoint.config()).layout(),
          EnginesUnderTest.reference(),
          Precision.FLOAT32);
    }
    readText();
  }

  /** Reads the tokenizer's files; those of the weights do not depend on them. */
  private void readText() throws IOException {
    Tokenizer tokenizer = Tokenizer.load(folder, TokenizerDialect.FILE);
    EndTokens.of(folder, tokenizer);
    String text = "A ab 12<|end|> \ud800x";
    ChatTemplate template =
        ChatTemplate.load(folder).orElse(ChatTemplate.of("{{ '' }}", Map.of(), "of a test"));
    text +=
        template
            .render(
                new Conversation(List.of(Message.of("user", "ab")), Map.of()),
                ChatTemplate.Options.training())
            .text();
    tokenizer.decode(tokenizer.encode(text), true);
    tokenizer.encodeWithOffsets(text, true);
  }

  /** Where values stand, as keys and indexes from the root; of long lists the first two. */
  private static List<List<String>> places(JsonNode node) {
    List<List<String>> places = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    if (node.isObject()) {
      node.fieldNames().forEachRemaining(keys::add);
    } else {
      for (int i = 0; i < Math.min(2, node.size()); i++) {
        keys.add(String.valueOf(i));
      }
    }
    for (String key : keys.subList(0, Math.min(40, keys.size()))) {
      places.add(List.of(key));
      JsonNode child = node.isObject() ? node.get(key) : node.get(Integer.parseInt(key));
      for (List<String> inner : places(child)) {
        List<String> whole = new ArrayList<>(List.of(key));
        whole.addAll(inner);
        places.add(whole);
      }
    }
    return places;
  }

  private static String changed(JsonNode root, List<String> place, String wrong)
      throws IOException {
    JsonNode at = root;
    for (String key : place.subList(0, place.size() - 1)) {
      at = at.isObject() ? at.get(key) : at.get(Integer.parseInt(key));
    }
    String last = place.get(place.size() - 1);
    String mark = "\u0001put here";
    if (at instanceof ObjectNode object) {
      if (wrong.equals("NOTHING")) {
        object.remove(last);
      } else {
        object.put(last, mark);
      }
    } else if (wrong.equals("NOTHING")) {
      ((ArrayNode) at).remove(Integer.parseInt(last));
    } else {
      ((ArrayNode) at).set(Integer.parseInt(last), ((ContainerNode<?>) at).textNode(mark));
    }
    return root.toString().replace("\"\\u0001put here\"", wrong);
  }

  private static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (var files = Files.list(from)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  private static final String TOKENIZER_CONFIG =
      """
      {"bos_token": "<|end|>", "eos_token": {"content": "<|end|>", "special": true}, "pad_token": null,
       "additional_special_tokens": ["<|more|>", {"content": "<|less|>"}],
       "extra_special_tokens": {"image_token": "<|end|>"},
       "model_max_length": 2048, "tokenizer_class": "PreTrainedTokenizerFast",
       "chat_template": [{"name": "default", "template": "{{ messages[0].content }}"},
                         {"name": "tool_use", "template": "{{ tools | tojson }}"}]}
      """;

  private static final String TOKENIZER =
      """
      {"version": "1.0", "truncation": null, "padding": null,
       "added_tokens": [{"id": 7, "content": "<|end|>", "single_word": false, "lstrip": false,
                         "rstrip": false, "normalized": false, "special": true}],
       "normalizer": {"type": "Sequence", "normalizers": [
           {"type": "NFC"}, {"type": "Replace", "pattern": {"String": "z"}, "content": "a"}]},
       "pre_tokenizer": {"type": "Sequence", "pretokenizers": [
           {"type": "Digits", "individual_digits": true},
           {"type": "Split", "pattern": {"Regex": "\\\\s+"}, "behavior": "Isolated", "invert": false},
           {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true}]},
       "post_processor": {"type": "TemplateProcessing",
           "single": [{"SpecialToken": {"id": "<|end|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
           "pair": [], "special_tokens": {"<|end|>": {"id": "<|end|>", "ids": [7], "tokens": ["<|end|>"]}}},
       "decoder": {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": true},
       "model": {"type": "BPE", "dropout": null, "unk_token": null, "continuing_subword_prefix": null,
                 "end_of_word_suffix": null, "fuse_unk": false, "byte_fallback": false, "ignore_merges": false,
                 "vocab": {"a": 0, "b": 1, "c": 2, "d": 3, "ab": 4, "abc": 5, "?": 6},
                 "merges": ["a b", ["ab", "c"]]}}
      """;
}
