package org.sparklora.reward.math.extract;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.sparklora.reward.math.number.AlgebraLimit;

/** One of a few strings, such as a letter: Math-Verify's third kind, which no reward looks for. */
public record StringTarget(List<String> strings, boolean withoutAnchor, boolean lowercase)
    implements ExtractionTarget {

  @Override
  public List<Search> searches(String text, AlgebraLimit budget) {
    String key = strings.stream().map(Pattern::quote).collect(Collectors.joining("|", "(", ")"));
    String suffix = "(?:\\*\\*)?(?:\\.|,|:|\\s|$)";
    String spaced = "(?:^|\\s)(?:\\*\\*)?" + key + suffix;
    List<Search> searches = new ArrayList<>();
    add(searches, 0, "(?i:final answer is):?\\s*" + key + "\\.?\\s?I hope", text);
    add(searches, 50, "(?i:final answer.{0,100}?)\\s+is:?\\s*" + key, text);
    add(searches, 100, "(?i:answer):.{0,50}?" + spaced, text);
    add(searches, 200, "(?i:answer).{0,50}?" + spaced, text);
    if (withoutAnchor) {
      add(searches, 250, "^(?:\\*\\*)?" + key + suffix, text);
      add(searches, 300, spaced, text);
    }
    return searches;
  }

  private void add(List<Search> searches, int priority, String pattern, String text) {
    Matcher matcher = Pattern.compile(pattern, Pattern.UNIX_LINES).matcher(text);
    searches.add(
        new Search(
            priority,
            () -> matcher.results().map(m -> match(m.start(), m.end(), m.group(1))).toList()));
  }

  private Match match(int start, int end, String found) {
    String compared = lowercase ? found.toLowerCase(Locale.ROOT) : found;
    return new Match(start, end, () -> new Answer(Optional.empty(), List.of(compared, found)));
  }
}
