package org.sparklora.reward.math.extract;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.BiFunction;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.sparklora.reward.math.algebra.Expr;
import org.sparklora.reward.math.algebra.ParseFailure;
import org.sparklora.reward.math.extract.ExtractionTarget.Match;
import org.sparklora.reward.math.extract.ExtractionTarget.Search;
import org.sparklora.reward.math.extract.LatexEnvironments.Environment;
import org.sparklora.reward.math.latex.LatexParser;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * Finds the answer in a text after "final answer is", "answer:", "answer", then anywhere; an {@link
 * ExtractionTarget} ranks boxes. Within one priority the match that ends last wins.
 *
 * <p>Stateless and thread-safe.
 */
public final class AnswerExtraction {
  private static final int FINAL_ANSWER = 50;
  private static final int ANSWER_COLON = 100;
  private static final int ANSWER = 200;
  private static final int ANYWHERE = 300;

  /** Most characters from "answer" to mathematics; LONG_GAP: from "final answer" to "is". */
  private static final int GAP = 50;

  private static final int LONG_GAP = 100;

  /** Passing a gap costs as much as scanning this many characters. */
  private static final int CHARACTERS_A_GAP = 8;

  /** In Unicode's words, as in Python: {@code πi} has no word i. */
  private static final Pattern COMPLEX =
      Pattern.compile(
          "\\\\mathbb\\{C\\}|\\\\i\\b|\\bi\\b|\\\\text\\{i\\}|\\\\mathrm\\{i\\}|\\\\imath\\b|\\\\det"
              + "|\\\\operatorname\\{(?:tr|rank|Re|Im)\\}|\\\\text\\{(?:rank|Re|Im)\\}|\\\\arg\\{|\\\\Re\\{|\\\\Im\\{",
          Pattern.UNICODE_CHARACTER_CLASS);

  private static final Pattern EQUALS = Pattern.compile("(?<![\\\\<!>])=");

  private AnswerExtraction() {}

  /**
   * @param firstMatchOnly whether to try only the first place, not each until one can be parsed
   */
  public static Answer extract(
      String text,
      List<? extends ExtractionTarget> targets,
      boolean firstMatchOnly,
      AlgebraLimit budget) {
    TreeMap<Integer, List<Search>> byPriority =
        targets.stream()
            .flatMap(target -> target.searches(text, budget).stream())
            .collect(Collectors.groupingBy(Search::priority, TreeMap::new, Collectors.toList()));
    List<String> words = new ArrayList<>();
    for (List<Search> searches : byPriority.values()) {
      List<Match> matches = new ArrayList<>();
      searches.forEach(search -> matches.addAll(search.matches().get()));
      matches.sort(Comparator.comparingInt((Match m) -> -m.end()).thenComparingInt(Match::start));
      for (Match match : matches) {
        budget.step();
        Answer answer = match.answer().get();
        if (words.isEmpty()) {
          words.addAll(answer.words());
        }
        if (answer.expression().isPresent() || answer.isKey() || firstMatchOnly) {
          return new Answer(answer.expression(), words);
        }
      }
    }
    return new Answer(Optional.empty(), words);
  }

  static List<Search> searches(String text, ExtractionTarget.Latex target, AlgebraLimit budget) {
    LatexEnvironments environments = new LatexEnvironments(text, budget);
    LatexSearch search = new LatexSearch(text, asciiLowerCase(text), environments, target, budget);
    List<Search> searches = new ArrayList<>();
    searches.add(new Search(0, search::finalAnswerIHope));
    searches.add(new Search(FINAL_ANSWER, search::finalAnswerIs));
    searches.add(new Search(ANSWER_COLON, () -> search.afterAnswer("answer:")));
    searches.add(new Search(ANSWER, () -> search.afterAnswer("answer")));
    if (target.withoutAnchor()) {
      searches.add(new Search(ANYWHERE, () -> search.anywhere(false)));
    }
    if (target.boxedPriority() >= 0) {
      searches.add(new Search(target.boxedPriority(), () -> search.anywhere(true)));
      searches.add(new Search(target.boxedPriority(), search::bareBox));
    }
    return searches;
  }

  /** {@link String#toLowerCase} may change the length of rare letters, and thus later positions. */
  private static String asciiLowerCase(String text) {
    char[] lower = text.toCharArray();
    for (int i = 0; i < lower.length; i++) {
      lower[i] += lower[i] >= 'A' && lower[i] <= 'Z' ? 'a' - 'A' : 0;
    }
    return String.valueOf(lower);
  }

  /** Parses LaTeX as Math-Verify does: whole, else the last part of a chain of equations. */
  static Optional<Expr> parse(String latex, AlgebraLimit budget) {
    Optional<Expr> whole = attempt(latex, budget);
    if (whole.isPresent() || latex.contains(",") || latex.contains(";")) {
      return whole;
    }
    String[] parts = EQUALS.split(latex, -1);
    return parts.length > 2 ? attempt(parts[parts.length - 1], budget) : Optional.empty();
  }

  private static Optional<Expr> attempt(String latex, AlgebraLimit budget) {
    try {
      return Optional.of(LatexParser.parse(latex, !COMPLEX.matcher(latex).find(), budget));
    } catch (ParseFailure failure) {
      return Optional.empty();
    }
  }

  /** The answer in one match of environments. */
  static Answer answer(
      List<Environment> environments, ExtractionTarget.Normalization how, AlgebraLimit budget) {
    List<String> texts = new ArrayList<>();
    List<Optional<Expr>> expressions = new ArrayList<>();
    for (Environment environment : environments) {
      String text = LatexNormalizer.normalize(environment.content(), how, budget);
      texts.add(text);
      Optional<Expr> parsed = parse(text, budget);
      expressions.add(environment.percent() ? parsed.map(Expr.Percent::new) : parsed);
    }
    boolean list = texts.size() > 1 && expressions.stream().allMatch(Optional::isPresent);
    String text = list ? String.join(" and ", texts) : texts.get(0);
    Optional<Expr> expression = list ? Optional.of(setOf(expressions)) : expressions.get(0);
    return new Answer(expression, text.isEmpty() ? List.of() : List.of(text));
  }

  private static Expr setOf(List<Optional<Expr>> expressions) {
    List<Expr> elements = new ArrayList<>();
    for (Optional<Expr> expression : expressions) {
      Expr element = expression.orElseThrow();
      if (element instanceof Expr.FiniteSet set) {
        elements.addAll(set.elements());
      } else {
        elements.add(element);
      }
    }
    return new Expr.FiniteSet(elements);
  }

  /** Finds the places of LaTeX in one text. */
  private record LatexSearch(
      String text,
      String folded,
      LatexEnvironments environments,
      ExtractionTarget.Latex target,
      AlgebraLimit budget) {

    private static final String FINAL = "final answer";

    private Match match(int start, List<Environment> list) {
      return match(start, list.get(list.size() - 1).end(), list);
    }

    private Match match(int start, int end, List<Environment> list) {
      return new Match(start, end, () -> answer(list, target.normalization(), budget));
    }

    /** "final answer is: $5$. I hope": as many elements of a list as "I hope" can follow. */
    List<Match> finalAnswerIHope() {
      return after(
          FINAL + " is",
          0,
          (start, at) -> {
            List<Environment> list = afterColon(at);
            return IntStream.range(0, list.size())
                .mapToObj(dropped -> list.subList(0, list.size() - dropped))
                .flatMap(part -> beforeIHope(start, part).stream())
                .findFirst();
          });
    }

    private Optional<Match> beforeIHope(int start, List<Environment> list) {
      int at = list.get(list.size() - 1).end();
      at += text.startsWith(".", at) ? 1 : 0;
      at += at < text.length() && Spaces.isSpace(text.charAt(at)) ? 1 : 0;
      return text.startsWith("I hope", at)
          ? Optional.of(match(start, at + "I hope".length(), list))
          : Optional.empty();
    }

    private List<Environment> afterColon(int at) {
      return environments.listAfterSpaces(at + (text.startsWith(":", at) ? 1 : 0));
    }

    List<Match> finalAnswerIs() {
      return after(
          FINAL,
          LONG_GAP,
          (start, at) -> {
            int word = environments.skipSpaces(at);
            boolean is = word > at && text.startsWith("is", word);
            return matched(start, is ? afterColon(word + 2) : List.of());
          });
    }

    List<Match> afterAnswer(String anchor) {
      return after(anchor, GAP, (start, at) -> matched(start, environments.listAt(at, false)));
    }

    private Optional<Match> matched(int start, List<Environment> list) {
      return list.isEmpty() ? Optional.empty() : Optional.of(match(start, list));
    }

    /** Matches of an anchor and, at most {@code mostGap} characters after it, of {@code rest}. */
    private List<Match> after(
        String anchor, int mostGap, BiFunction<Integer, Integer, Optional<Match>> rest) {
      List<Match> matches = new ArrayList<>();
      int from = 0;
      for (int at = folded.indexOf(anchor); at >= 0; at = folded.indexOf(anchor, from)) {
        from = at + 1;
        int after = at + anchor.length();
        for (int gap = 0; gap <= mostGap && after + gap < text.length(); gap++) {
          budget.scan(CHARACTERS_A_GAP);
          Optional<Match> match = rest.apply(at, after + gap);
          if (match.isPresent()) {
            matches.add(match.get());
            from = match.get().end();
            break;
          }
        }
      }
      return matches;
    }

    List<Match> anywhere(boolean boxed) {
      List<Match> matches = new ArrayList<>();
      if (boxed && !text.contains("\\boxed{")) {
        return matches;
      }
      environments.forEachList(boxed, list -> matches.add(match(list.get(0).start(), list)));
      return matches;
    }

    /** From the first box to the last brace; {@link BoxedAnswer} finds the end of the box. */
    List<Match> bareBox() {
      int start = text.indexOf("\\boxed{");
      int end = text.lastIndexOf('}');
      if (start < 0 || end <= start + 7) {
        return List.of();
      }
      ExtractionTarget.Normalization last =
          target.normalization().with(ExtractionTarget.Boxed.LAST);
      Environment box = new Environment(text, start, end + 1, start, end + 1, false);
      return List.of(new Match(start, end + 1, () -> answer(List.of(box), last, budget)));
    }
  }
}
