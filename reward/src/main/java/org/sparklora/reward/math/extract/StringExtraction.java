package org.sparklora.reward.math.extract;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sparklora.reward.math.extract.AnswerExtraction.Match;

/** Finds one of a few strings, at the most reliable places first. */
final class StringExtraction {
  private StringExtraction() {}

  static void patterns(
      String text,
      ExtractionTarget.Strings target,
      TreeMap<Integer, List<Supplier<List<Match>>>> byPriority) {
    String key =
        "(" + target.strings().stream().map(Pattern::quote).collect(Collectors.joining("|")) + ")";
    String suffix = "(?:\\*\\*)?(?:\\.|,|:|\\s|$)";
    String spaced = "(?:^|\\s)(?:\\*\\*)?" + key + suffix;
    add(byPriority, text, target, 0, "(?i:final answer is):?\\s*" + key + "\\.?\\s?I hope");
    add(byPriority, text, target, 50, "(?i:final answer.{0,100}?)\\s+is:?\\s*" + key);
    add(byPriority, text, target, 100, "(?i:answer):.{0,50}?" + spaced);
    add(byPriority, text, target, 200, "(?i:answer).{0,50}?" + spaced);
    if (target.withoutAnchor()) {
      add(byPriority, text, target, 250, "^(?:\\*\\*)?" + key + suffix);
      add(byPriority, text, target, 300, spaced);
    }
  }

  private static void add(
      TreeMap<Integer, List<Supplier<List<Match>>>> byPriority,
      String text,
      ExtractionTarget.Strings target,
      int priority,
      String pattern) {
    AnswerExtraction.add(
        byPriority,
        priority,
        () -> {
          List<Match> matches = new ArrayList<>();
          Matcher matcher = Pattern.compile(pattern, Pattern.UNIX_LINES).matcher(text);
          while (matcher.find()) {
            String found = matcher.group(1);
            String compared = target.lowercase() ? found.toLowerCase(Locale.ROOT) : found;
            Answer answer = new Answer(Optional.empty(), List.of(compared, found));
            matches.add(new Match(matcher.start(), matcher.end(), () -> answer));
          }
          return matches;
        });
  }
}
