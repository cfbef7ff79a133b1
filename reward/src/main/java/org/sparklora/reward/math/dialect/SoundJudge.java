package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.sparklora.pipeline.table.Verdict;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.extract.BoxedAnswer;
import org.sparklora.reward.math.extract.ExtractionTarget;
import org.sparklora.reward.math.extract.LatexEnvironments;
import org.sparklora.reward.math.extract.LatexEnvironments.Environment;
import org.sparklora.reward.math.extract.Spaces;
import org.sparklora.reward.math.extract.Thinking;
import org.sparklora.reward.math.number.AlgebraLimit;

/**
 * The {@code sound} dialect: finds the answer where a person would look for it, reads it as a
 * person would, and accepts only equal values as equal.
 *
 * <p>An instance serves one verdict.
 */
public final class SoundJudge {
  private static final Pattern THINKING =
      Pattern.compile("<think(?:ing)?>", Pattern.CASE_INSENSITIVE);
  private static final Pattern END_OF_THINKING =
      Pattern.compile("</think(?:ing)?>", Pattern.CASE_INSENSITIVE);

  /** GSM8K's mark of an answer; a Markdown heading is words, and text follows its line. */
  private static final Pattern MARK =
      Pattern.compile("####(?!#|[ \\t*]*+[A-Za-z]{2}[^\\n#]*+\\n\\s*+\\S)");

  /** Precedes an answer; "this answer is right." follows one. Most letters fail the first test. */
  private static final Pattern ANCHOR =
      Pattern.compile(
          "(?=[afr答])(?:(?:final answer|answer)s?+\\**+(?:\\s+is)?+\\s*+:?+\\**+(?:\\s+is)?+:?+"
              + "|答案\\**+[是为:：]++\\**+|(?:respuesta(?: final)?+ es|réponse(?: finale)?+ est)(?![a-z]):?+)"
              + "(?!\\s*+(?:right|correct)\\s*+(?:[.!,;]|\\z))",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern TAGGED =
      Pattern.compile(
          "<answer>([^<]++(?:<(?!/?answer>)[^<]*+)*+)</answer>", Pattern.CASE_INSENSITIVE);

  /** Words without mathematics are an answer only after an anchor that ends in "is". */
  private static final Pattern SENTENCE =
      Pattern.compile(".*(?:\\b(?:is|es|est)|[是为])\\W*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /** Precedes an answer that revises a box before it. */
  private static final Pattern REVISED =
      Pattern.compile("final answer is:?+\\**+\\s*+", Pattern.CASE_INSENSITIVE);

  private static final String INEQUALITY = "(?:[<>]|\\\\(?:neq?|[lg]eq?)(?![a-z]))";

  /** A solution with words about its letter: {@code $x=k\pi$ for any integer $k$}. */
  private static final Pattern QUALIFIED =
      Pattern.compile(
          ("\\$([^$]+)\\$,?\\s*((?:for|where|with)\\b[a-z ]*)\\$"
                  + "(NAME(?:\\s*,\\s*NAME){0,3}(?:\\$,? (?:and )?\\$NAME"
                  + "|\\s*(?:\\\\in[^a-zA-Z$]|SIGN)[^$]*)?)\\$([a-z ]*)\\.?")
              .replace("NAME", "[a-zA-Z](?:_\\{?[0-9]\\}?)?")
              .replace("SIGN", INEQUALITY));

  /** A solution with a condition in brackets: {@code $xy=1$ $(x>0)$}. */
  private static final Pattern CONDITIONED =
      Pattern.compile(
          "\\$([^$]+)\\$,?\\s*(?:\\(\\$|\\$\\()([a-z]\\s*SIGN[^$()]*)(?:\\)\\$|\\$\\))\\.?"
              .replace("SIGN", INEQUALITY));

  /** Numbers of a kind, perhaps with a bound: {@code all integers $n\ge 3$}. */
  private static final Pattern KIND =
      Pattern.compile(
          ("(?i)((?:all|any|every) (?:(?:positive )?integers?|natural numbers?|real numbers?|reals?) "
                  + "(?=\\$[a-z]\\s*SIGN)|(?:all|any|every) (?:[a-z-]+ ){0,3}(?:integers|numbers|primes) "
                  + "(?=\\$[a-z]\\$))\\$([^$]+)\\$\\.?")
              .replace("SIGN", INEQUALITY));

  private static final Pattern BOX = Pattern.compile("\\\\(?:boxed|fbox)\\b");
  private static final Pattern BOX_WITHOUT_BRACES =
      Pattern.compile("\\\\(?:boxed|fbox)\\s*(-?[0-9][0-9.,/]*|[A-Za-z])(?![A-Za-z0-9{])");

  /** A percent sign after a brace or "}$", with at most four characters after it. */
  private static final Pattern FINAL_PERCENT =
      Pattern.compile("(?s)\\}\\p{javaWhitespace}*+(?:\\$\\p{javaWhitespace}*+)?\\\\?%.{0,4}\\z");

  private static final Pattern SENTENCE_END = Pattern.compile("\\.(?:\\s|$)|[\\n。]|\\. I hope");

  /** Text between the boxes of a list: a comma, or words and "and", and optionally a name. */
  private static final Pattern BETWEEN_BOXES =
      Pattern.compile(
          "(?:(?:[\\s$*~]|\\\\[()\\[\\],;: ]|\\\\q?quad)*+(?:[,;，、和与且]|或者?)|[^.\\n]*\\b(?:and|or)\\b\\s*\\}?)"
              + "(?:[\\s$*~,]|\\\\[()\\[\\],;: ]|\\\\q?quad|(?:\\\\text\\s*\\{\\s*)?(?:and|or)\\b\\s*\\}?)*+"
              + "(?:[a-zA-Z](?:_\\{?[0-9a-zA-Z]\\}?)?\\s*=\\s*)?+",
          Pattern.UNICODE_CHARACTER_CLASS);

  private static final int LONGEST_BETWEEN = 70;

  private static final Pattern JOINER =
      Pattern.compile(
          "\\s*(?:[,，、]\\s*(?:and|or)?|and|or|或者?|[和与且]|oder|und|ou|et|или|и|o(?=\\s*\\$)|y(?=\\s*\\$))\\s*");

  /** Words of any language between two pieces of mathematics. */
  private static final Pattern JOINED =
      Pattern.compile(
          "(?<=\\$|\\\\\\))\\s*+((?:[,，]\\s*+)?(?:并?且|[和与]|或者?|and|or|oder|und|ou|et|или|и|[oóy])|[，、])"
              + "\\s*+(?=\\$|\\\\\\()");

  private static final Pattern POWER =
      Pattern.compile("(?<=\\p{L})\\$\\^(?:([23])|\\{([23])\\})\\$");

  /** Words right after mathematics that may be its unit. */
  private static final Pattern UNIT =
      Pattern.compile("[\\s~]*+([\\p{L}°][\\p{L}0-9 /^²³°-]{0,29})(?=[\\n.,;:!?。，；()（）]|\\z)");

  /** Longer terms have no unit after them. */
  private static final int LONGEST_AMOUNT = 100;

  /** Mathematics this far after its anchor is not the answer. */
  private static final int REACH = 200;

  private final AlgebraLimit budget;

  public SoundJudge(AlgebraLimit budget) {
    this.budget = budget;
  }

  public Judgement judge(String completion, String solution) {
    String gold = solution;
    String answer = "";
    try {
      Optional<LabelledValues> labelled = labelled(withPowers(solution));
      gold = labelled.isPresent() ? Spaces.strip(solution) : solutionText(solution);
      if (gold.isBlank()) {
        return Judgement.unverifiable("solution is empty");
      }
      Optional<String> found = answer(completion);
      if (found.isEmpty()) {
        return Judgement.of(Verdict.WRONG, "no answer found", shortened(gold), "");
      }
      answer = found.get();
      SoundComparison comparison = new SoundComparison(budget);
      boolean same =
          labelled.isPresent() && labelled.get().same(answer, comparison::same)
              || (labelled.isEmpty() || LabelledValues.PLAIN.matcher(gold).matches())
                  && comparison.same(SolutionPieces.inDollars(gold, solution, answer), answer);
      return Judgement.of(
          same ? Verdict.CORRECT : Verdict.WRONG,
          same ? "equal" : "not equal",
          shortened(gold),
          shortened(answer));
    } catch (AlgebraLimit.Exceeded exceeded) {
      return Judgement.of(Verdict.WRONG, "budget exceeded", shortened(gold), shortened(answer));
    }
  }

  /** The text of a completion's final answer, which {@link #judge} also takes as a solution. */
  public Optional<String> answer(String completion) {
    return answerText(withoutThinking(completion));
  }

  private String withoutThinking(String completion) {
    String text = Thinking.strip(completion);
    Matcher open = THINKING.matcher(budget.over(text));
    Matcher close = END_OF_THINKING.matcher(budget.over(text));
    StringBuilder kept = new StringBuilder();
    int at = 0;
    // If no end tag follows, none follows any later start either.
    while (open.find(at) && close.find(open.end())) {
      kept.append(text, at, open.start());
      at = close.end();
    }
    return kept.append(text, at, text.length()).toString();
  }

  private static String shortened(String text) {
    return text.length() > 200 ? text.substring(0, 200) + "…" : text;
  }

  /** The solution itself, its box, or the answer or mathematics in it if it is a sentence. */
  private String solutionText(String solution) {
    String text = withPowers(solution);
    if (BOX.matcher(budget.over(text)).find()) {
      return boxed(text, BoxedAnswer::belongTogether);
    }
    if (MARK.matcher(text).find() || ANCHOR.matcher(budget.over(text)).find()) {
      return answerText(text).orElse(text);
    }
    Matcher qualified = QUALIFIED.matcher(text);
    if (qualified.matches()) {
      String names = qualified.group(3).replaceAll("\\$,? (?:and )?\\$", ",");
      String range = "\\text{ " + qualified.group(2) + "}" + names;
      String words = qualified.group(4);
      return qualified.group(1) + range + (words.isBlank() ? "" : "\\text{" + words + "}");
    }
    Matcher conditioned = CONDITIONED.matcher(text);
    if (conditioned.matches()) {
      return conditioned.group(1) + "," + conditioned.group(2);
    }
    Matcher kind = KIND.matcher(text);
    if (kind.matches()) {
      return "\\text{" + kind.group(1).toLowerCase(Locale.ROOT) + "}" + kind.group(2);
    }
    if (!isDelimited(text)) {
      return text;
    }
    Optional<String> amounts = SolutionPieces.of(text, budget).flatMap(SolutionPieces::amounts);
    if (amounts.isPresent()) {
      return amounts.get();
    }
    String list =
        JOINED
            .matcher(budget.over(text))
            .replaceAll(word -> Conjunction.between(word.group(1)).plain());
    return lastEnvironments(list).map(last -> withUnit(last, list)).orElse(text);
  }

  /** The text without spaces around it, and with the power in the unit of {@code $12$ cm$^2$}. */
  private static String withPowers(String solution) {
    return POWER.matcher(Spaces.strip(solution)).replaceAll("^$1$2");
  }

  private static boolean isDelimited(String text) {
    return text.contains("$") || text.contains("\\(") || text.contains("\\[");
  }

  /** The values of a solution that is a list of them with a label for each. */
  private Optional<LabelledValues> labelled(String solution) {
    boolean latex =
        LabelledValues.PLAIN.matcher(solution).matches()
            || !isDelimited(solution) && solution.startsWith("\\text");
    boolean other =
        solution.length() > SolutionPieces.LONGEST
            || !isDelimited(solution) && !latex
            || BOX.matcher(solution).find()
            || MARK.matcher(solution).find()
            || ANCHOR.matcher(solution).find()
            || QUALIFIED.matcher(solution).matches();
    return other
        ? Optional.empty()
        : latex
            ? LabelledValues.of(solution)
            : SolutionPieces.of(solution, budget).flatMap(SolutionPieces::labelled);
  }

  Optional<String> answerText(String text) {
    if (BOX.matcher(budget.over(text)).find()) {
      return revised(text)
          .or(() -> Optional.of(boxed(text, SoundJudge::isList)))
          .filter(answer -> !answer.isBlank());
    }
    Optional<String> tagged =
        TAGGED.matcher(budget.over(text)).results().map(tag -> tag.group(1)).reduce((a, b) -> b);
    if (tagged.isPresent()) {
      return answerText(tagged.get()).or(() -> tagged);
    }
    int marked = -1;
    for (Matcher mark = MARK.matcher(text); mark.find(); ) {
      marked = mark.end();
    }
    if (marked >= 0) {
      return Optional.of(firstSentence(text.substring(marked)));
    }
    int last = text.length();
    int earlier = last;
    boolean sentence = false;
    for (Matcher anchor = ANCHOR.matcher(budget.over(text)); anchor.find(); ) {
      budget.step();
      earlier = sentence ? last : earlier;
      last = anchor.end();
      sentence = SENTENCE.matcher(anchor.group()).matches();
    }
    Optional<String> found = sentence ? Optional.empty() : AnswerWords.bold(text);
    found = found.isPresent() ? found : afterAnchor(text.substring(last), sentence);
    if (found.isPresent()) {
      return found;
    }
    // "I hope this answer helps" gives none: an earlier sentence does if no mathematics follows it.
    Optional<List<Environment>> mathematics = lastEnvironments(text);
    int start = mathematics.map(list -> list.get(0).start()).orElse(0);
    found = start < earlier ? afterAnchor(text.substring(earlier), true) : found;
    return found.or(() -> mathematics.map(list -> joined(list, text)));
  }

  /** The answer that the last sentence "the final answer is …" after all boxes has. */
  private Optional<String> revised(String text) {
    int box = Math.max(text.lastIndexOf("\\boxed"), text.lastIndexOf("\\fbox"));
    Matcher anchor = REVISED.matcher(budget.over(text)).region(box, text.length());
    int at = box;
    int from = text.length();
    while (anchor.find()) {
      budget.step();
      at = anchor.start();
      from = anchor.end();
    }
    String tail = text.substring(from);
    String sentence = firstSentence(tail);
    // The letter of a choice may belong to the value in the box.
    boolean stated =
        AnswerWords.isPlain(sentence) && !SoundText.isChoice(sentence)
            || !new LatexEnvironments(tail, budget).listAt(0, false).isEmpty();
    return stated && AnswerWords.affirm(text, at) ? afterAnchor(tail, true) : Optional.empty();
  }

  /** The contents of the last boxes, with a percent sign that follows them. */
  private static String boxed(String written, BoxedAnswer.Joined joined) {
    // The brace of \left\{ … \right. closes none.
    String text = written.replace("\\{", "\\lbrace ").replace("\\}", "\\rbrace ");
    String content = BoxedAnswer.extract(text, ExtractionTarget.Boxed.LAST, joined);
    content = content.replace("\\lbrace ", "\\{").replace("\\rbrace ", "\\}");
    int last = Math.max(text.lastIndexOf("\\boxed"), text.lastIndexOf("\\fbox"));
    Matcher bare = BOX_WITHOUT_BRACES.matcher(text.substring(last));
    if (bare.lookingAt()) {
      return bare.group(1);
    }
    boolean percent = FINAL_PERCENT.matcher(text).find();
    return percent && !content.contains("%") ? content + "\\%" : content;
  }

  private static boolean isList(String between, String content, String next) {
    return between.length() < LONGEST_BETWEEN && BETWEEN_BOXES.matcher(between).matches();
  }

  private Optional<String> afterAnchor(String text, boolean wordsCount) {
    String sentence = firstSentence(text);
    if (wordsCount && AnswerWords.isPlain(sentence)) {
      return Optional.of(sentence);
    }
    LatexEnvironments environments = new LatexEnvironments(text, budget);
    for (int at = 0; at < Math.min(REACH, text.length()); at++) {
      budget.step();
      List<Environment> list = environments.listAt(at, false);
      if (!list.isEmpty()) {
        return Optional.of(withUnit(continued(environments, list, text), text));
      }
    }
    return sentence.isBlank() || !wordsCount ? Optional.empty() : Optional.of(sentence);
  }

  /** Appends further mathematics joined by commas, "and", "or", for lists of any length. */
  private List<Environment> continued(
      LatexEnvironments environments, List<Environment> list, String text) {
    List<Environment> all = new ArrayList<>(list);
    while (true) {
      int end = all.get(all.size() - 1).end();
      Matcher joiner = JOINER.matcher(budget.over(text)).region(end, text.length());
      List<Environment> more =
          joiner.lookingAt() ? environments.listAt(joiner.end(), false) : List.of();
      if (more.isEmpty()) {
        return all;
      }
      all.addAll(more);
    }
  }

  private static String firstSentence(String text) {
    String stripped = Spaces.strip(text);
    Matcher end = SENTENCE_END.matcher(stripped);
    return end.find() ? stripped.substring(0, end.start()) : stripped;
  }

  private Optional<List<Environment>> lastEnvironments(String text) {
    AtomicReference<List<Environment>> last = new AtomicReference<>();
    new LatexEnvironments(text, budget).forEachList(false, last::set);
    return Optional.ofNullable(last.get());
  }

  /** The list in LaTeX, joined by the words between statements, and by commas between values. */
  private static String joined(List<Environment> list, String text) {
    boolean statements =
        list.stream().anyMatch(piece -> Conjunction.joinsBounds(piece.content()))
            && list.stream().allMatch(piece -> Conjunction.isStatement(piece.content()));
    StringBuilder joined = new StringBuilder(SolutionPieces.content(list.get(0)));
    for (int i = 1; i < list.size(); i++) {
      int end = list.get(i - 1).end();
      String between = text.substring(end, Math.max(end, list.get(i).start()));
      joined.append(statements ? Conjunction.between(between).latex() : ",");
      joined.append(SolutionPieces.content(list.get(i)));
    }
    return joined.toString();
  }

  /** The list, or its only piece with the unit that follows it in the text: {@code $12$ cm}. */
  private String withUnit(List<Environment> list, String text) {
    String value = joined(list, text);
    Environment last = list.get(list.size() - 1);
    if (list.size() > 1 || last.percent() || value.length() > LONGEST_AMOUNT) {
      return value;
    }
    Matcher words = UNIT.matcher(budget.over(text)).region(last.end(), text.length());
    return words.lookingAt() && AnswerUnit.isCommon(value, words.group(1).strip())
        ? value + "\\text{ " + words.group(1).strip() + "}"
        : value;
  }
}
