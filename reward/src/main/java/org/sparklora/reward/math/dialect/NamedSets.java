package org.sparklora.reward.math.dialect;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiPredicate;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/** Sets and points with names, such as {@code A=\{1\}, B=\{2\}} and {@code A\cap B=[1,2)}. */
final class NamedSets {
  private static final Pattern NAME =
      Pattern.compile(
          "(?<![^\\s,;])([A-Z](?:\\s*\\\\(?:cap|cup|setminus)\\s*[A-Z])*)\\s*="
              + "(?=\\s*(?:\\\\\\{|\\\\emptyset|[(\\[][^()\\[\\]]*,))");

  private NamedSets() {}

  /** Compares set by set; empty if the solution has no such sets. A single name may be missing. */
  static Optional<Boolean> same(String gold, String answer, BiPredicate<String, String> equal) {
    Map<String, String> sets = of(gold);
    boolean single = sets.size() == 1;
    if (sets.isEmpty() || single && sets.keySet().iterator().next().length() == 1) {
      return Optional.empty(); // the parser knows A = {1}
    }
    Map<String, String> given = of(answer);
    return Optional.of(
        given.isEmpty()
            ? single && !answer.contains("=") && equal.test(sets.values().iterator().next(), answer)
            : given.keySet().equals(sets.keySet())
                && sets.keySet().stream().allMatch(n -> equal.test(sets.get(n), given.get(n))));
  }

  private static Map<String, String> of(String answer) {
    String text = answer.matches("(?s)\\s*[A-Z][^=]*=.*") ? SoundLatex.of(answer) : "";
    List<MatchResult> names = NAME.matcher(text).results().toList();
    Map<String, String> sets = new LinkedHashMap<>();
    for (int i = 0; i < names.size(); i++) {
      int end = i + 1 < names.size() ? names.get(i + 1).start() : text.length();
      String set = SoundLatex.trimmed(text.substring(names.get(i).end(), end));
      set = set.replaceFirst(",?\\s?\\\\text\\{\\s?and\\s?\\}$", "");
      sets.put(names.get(i).group(1).replaceAll("\\s", ""), set);
    }
    boolean whole = !names.isEmpty() && names.get(0).start() == 0 && sets.size() == names.size();
    return whole ? sets : Map.of();
  }
}
