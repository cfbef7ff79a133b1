package org.sparklora.pipeline.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.Mark;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;
import org.yaml.snakeyaml.nodes.Tag;
import org.yaml.snakeyaml.representer.Representer;
import org.yaml.snakeyaml.resolver.Resolver;

/** A YAML file of settings: keys with their values, as written and as YAML types them. */
public final class SettingsFile {
  /** A key beside {@code datasets}, which is no flag: the share of rows that are held out. */
  public static final String TEST_SPLIT_SIZE = "test_split_size";

  /** Size limit of a file: the YAML scanner's time grows with the square of a text's length. */
  private static final int MOST_BYTES = 1 << 20;

  private SettingsFile() {}

  /**
   * A value of a key.
   *
   * @param typed the YAML value: a number, a boolean, a text, a list, a map, or null
   * @param written the same value with every scalar as it is written: {@code no}, {@code 2e-4}
   */
  public record Value(Object typed, Object written) {
    /** Whether the value is null, which means "unset", or no limit. */
    public boolean isUnset() {
      return typed == null;
    }

    /** The text, as it is written. */
    public String text() {
      return String.valueOf(written);
    }

    /** The values of a map by key, in the file's order; empty if this value is not a map. */
    public Optional<Map<String, Value>> entries() {
      return typed instanceof Map<?, ?> values && written instanceof Map<?, ?> texts
          ? Optional.of(SettingsFile.entries(values, texts))
          : Optional.empty();
    }

    /** The elements of a list; empty if this value is not a list. */
    public Optional<List<Value>> elements() {
      if (!(typed instanceof List<?> values) || !(written instanceof List<?> texts)) {
        return Optional.empty();
      }
      List<Value> elements = new ArrayList<>();
      for (int i = 0; i < values.size(); i++) {
        elements.add(new Value(values.get(i), texts.get(i)));
      }
      return Optional.of(elements);
    }

    boolean isListOfMaps() {
      List<Value> elements = elements().orElse(List.of());
      return !elements.isEmpty()
          && elements.stream().allMatch(element -> element.entries().isPresent());
    }

    /** The words of a flag; a value of another type than the flag's is refused. */
    List<String> words(Flag<?> flag) {
      if (flag.type().isList() && written instanceof List<?> list) {
        return list.stream().map(element -> scalar(flag, element)).toList();
      }
      if (flag.type() == FlagType.DICT && typed instanceof Map<?, ?> entries) {
        return List.of(FlagType.json(entries));
      }
      String text = scalar(flag, written);
      boolean fits =
          switch (flag.type()) {
            case BOOL -> !(typed instanceof Number);
            case INT, LENGTH, FLOAT, LIMIT -> !(typed instanceof Boolean);
            default -> true;
          };
      ConfigException.require(
          fits,
          flag,
          flag.shown(text),
          flag.type() == FlagType.BOOL
              ? "true or false is expected, not a number"
              : "a number is expected, not true or false");
      // 0x10 and 1_000 are numbers only in YAML; 1:30 is one, too, but never meant as one
      boolean number = typed instanceof Number && flag.type().isNumber() && !text.contains(":");
      boolean onOrOff = typed instanceof Boolean && flag.type() == FlagType.BOOL;
      return List.of(number || onOrOff ? String.valueOf(typed) : text);
    }

    private static String scalar(Flag<?> flag, Object element) {
      boolean single = element != null && !(element instanceof List) && !(element instanceof Map);
      ConfigException.require(
          single,
          flag,
          flag.shown(String.valueOf(element)),
          flag.type().isList()
              ? "a list of plain values is expected"
              : "one value is expected, not a list or a map");
      return String.valueOf(element);
    }
  }

  /** Reads a file; one that cannot be read, or is not a map, is refused. */
  public static Map<String, Value> read(Path file) {
    String text = text(file);
    LoaderOptions options = new LoaderOptions();
    options.setAllowDuplicateKeys(false);
    try {
      Object typed = new Yaml(new SafeConstructor(options)).load(text);
      Object written =
          new Yaml(
                  new SafeConstructor(options),
                  new Representer(new DumperOptions()),
                  new DumperOptions(),
                  options,
                  new AsWritten())
              .load(text);
      if (!(typed instanceof Map<?, ?> values) || !(written instanceof Map<?, ?> texts)) {
        throw new ConfigException(Flags.CONFIG, file, "a YAML file of keys and values is expected");
      }
      return entries(values, texts);
    } catch (YAMLException e) {
      throw new ConfigException(Flags.CONFIG, file, "it is not YAML: " + problem(e));
    }
  }

  /**
   * The problem in one line: SnakeYAML's message shows several lines of a source that it calls
   * {@code 'string'}.
   */
  private static String problem(YAMLException e) {
    if (e instanceof MarkedYAMLException marked && marked.getProblemMark() != null) {
      Mark mark = marked.getProblemMark();
      return "%s in line %s, column %s"
          .formatted(marked.getProblem(), mark.getLine() + 1, mark.getColumn() + 1);
    }
    return e.getMessage().replace('\n', ' ');
  }

  private static Map<String, Value> entries(Map<?, ?> values, Map<?, ?> texts) {
    Map<String, Value> entries = new LinkedHashMap<>();
    var typedValues = values.values().iterator(); // both are in the file's order
    texts.forEach(
        (key, value) -> entries.put(String.valueOf(key), new Value(typedValues.next(), value)));
    return entries;
  }

  /** Resolves every scalar to a text or null. */
  private static final class AsWritten extends Resolver {
    @Override
    protected void addImplicitResolvers() {
      addImplicitResolver(Tag.MERGE, MERGE, "<");
      addImplicitResolver(Tag.NULL, NULL, "~nN\0");
      addImplicitResolver(Tag.NULL, EMPTY, null);
    }
  }

  private static String text(Path file) {
    try (InputStream in = Files.newInputStream(file)) {
      byte[] bytes = in.readNBytes(MOST_BYTES + 1);
      ConfigException.require(
          bytes.length <= MOST_BYTES,
          Flags.CONFIG,
          file,
          "it has more than 1 MiB; a file of settings has some lines");
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (NoSuchFileException e) {
      throw new ConfigException(Flags.CONFIG, file, "there is no such file");
    } catch (CharacterCodingException e) {
      throw new ConfigException(Flags.CONFIG, file, "it is not UTF-8; save it as such");
    } catch (IOException e) {
      throw new ConfigException(
          Flags.CONFIG, file, "the file cannot be read (%s)".formatted(e.getMessage()));
    }
  }
}
