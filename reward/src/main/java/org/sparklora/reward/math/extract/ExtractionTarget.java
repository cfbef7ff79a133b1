package org.sparklora.reward.math.extract;

import java.util.List;
import java.util.function.Supplier;
import org.sparklora.reward.math.number.AlgebraLimit;

/** A kind of answer to look for in a text: Math-Verify's kinds, with its own fields. */
public interface ExtractionTarget {

  /** The searches of a text for answers of this kind. */
  List<Search> searches(String text, AlgebraLimit budget);

  /**
   * A search of a text.
   *
   * @param priority searches of a lower number come first
   * @param matches performs the search
   */
  record Search(int priority, Supplier<List<Match>> matches) {}

  /** One place in the text that may hold the answer. */
  record Match(int start, int end, Supplier<Answer> answer) {}

  /** Which boxes of the text found are unwrapped: all of them, the last, or none. */
  enum Boxed {
    ALL,
    LAST,
    NONE
  }

  /**
   * The groups of clean-up that run on LaTeX before it is parsed.
   *
   * @param basicLatex unifies commands of the same meaning and removes the size of delimiters
   * @param units removes trailing units
   * @param malformedOperators repairs {@code \frac12}, {@code \sqrt3}, {@code x^(2)}
   * @param nits adds the zero before a leading point
   */
  record Normalization(
      boolean basicLatex, boolean units, boolean malformedOperators, boolean nits, Boxed boxed) {
    public static Normalization full() {
      return new Normalization(true, true, true, true, Boxed.ALL);
    }

    Normalization with(Boxed unwrapped) {
      return new Normalization(basicLatex, units, malformedOperators, nits, unwrapped);
    }
  }

  /**
   * LaTeX between delimiters or in a box.
   *
   * @param withoutAnchor whether mathematics anywhere counts, not only after "answer" or in a box
   * @param boxedPriority 0: before "final answer is", 50: together with it, −1: never
   */
  record Latex(boolean withoutAnchor, int boxedPriority, Normalization normalization)
      implements ExtractionTarget {
    public static Latex defaults() {
      return new Latex(true, 50, Normalization.full());
    }

    @Override
    public List<Search> searches(String text, AlgebraLimit budget) {
      return AnswerExtraction.searches(text, this, budget);
    }
  }

  /** Plain numbers and arithmetic without LaTeX. */
  record Plain(boolean withoutAnchor) implements ExtractionTarget {
    public static Plain defaults() {
      return new Plain(true);
    }

    @Override
    public List<Search> searches(String text, AlgebraLimit budget) {
      return PlainExtraction.searches(text, this, budget);
    }
  }
}
