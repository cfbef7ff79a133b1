package org.sparklora.prep.curate;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.Character.UnicodeScript;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The language of a text: that of the script of most of its letters, and where several languages
 * share it, the one whose frequent words the text has most of ({@code languages.tsv}; a word of k
 * languages counts 1/k). See {@code docs/decisions/026-language-by-frequent-words.md}.
 */
final class Language {
  /** Stands for all words of a language that is taken to have its script alone. */
  private static final String ANY = "*";

  /** The least share of Japanese letters that are Hiragana or Katakana, beside Han. */
  private static final double LEAST_KANA = 0.1;

  /** The least share of the words that are frequent ones of the language. */
  private static final double LEAST_SHARE = 0.03;

  private static final Pattern WORD = Pattern.compile("\\p{L}+");

  /** Languages by frequent word and script. */
  private static final Map<String, List<String>> FREQUENT = new HashMap<>();

  static {
    try (InputStream in = Language.class.getResourceAsStream("languages.tsv")) {
      for (String line : new String(in.readAllBytes(), StandardCharsets.UTF_8).split("\n")) {
        String[] cells = line.split("\t");
        if (cells.length == 3) {
          for (String word : cells[2].split(" ")) {
            FREQUENT.computeIfAbsent(word + cells[1], key -> new ArrayList<>()).add(cells[0]);
          }
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Language() {}

  /** The code of ISO 639-1; empty if no language is clear, such as that of a formula. */
  static Optional<String> of(String text) {
    Map<UnicodeScript, Integer> letters = new EnumMap<>(UnicodeScript.class);
    text.codePoints()
        .filter(Character::isLetter)
        .mapToObj(UnicodeScript::of)
        .map(script -> script == UnicodeScript.KATAKANA ? UnicodeScript.HIRAGANA : script)
        .forEach(script -> letters.merge(script, 1, Integer::sum));
    int kana = letters.getOrDefault(UnicodeScript.HIRAGANA, 0);
    int han = letters.getOrDefault(UnicodeScript.HAN, 0);
    if (kana > LEAST_KANA * (kana + han)) {
      letters.put(UnicodeScript.HIRAGANA, kana + han);
    }
    return letters.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .map(Map.Entry::getKey)
        .flatMap(most -> languages(ANY, most).stream().findFirst().or(() -> byWords(text, most)));
  }

  private static List<String> languages(String word, UnicodeScript script) {
    return FREQUENT.getOrDefault(word + script, List.of());
  }

  private static Optional<String> byWords(String text, UnicodeScript script) {
    Map<String, Double> found = new TreeMap<>();
    int words = 0;
    Matcher word = WORD.matcher(text.toLowerCase(Locale.ROOT));
    while (word.find()) {
      words++;
      List<String> languages = languages(word.group(), script);
      languages.forEach(one -> found.merge(one, 1.0 / languages.size(), Double::sum));
    }
    double least = LEAST_SHARE * words;
    return found.entrySet().stream()
        .max(Map.Entry.comparingByValue())
        .filter(best -> best.getValue() >= least)
        .map(Map.Entry::getKey);
  }
}
