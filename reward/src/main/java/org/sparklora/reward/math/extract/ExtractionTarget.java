package org.sparklora.reward.math.extract;

import java.io.Serializable;
import java.util.List;

/** A kind of answer to look for in a text: Math-Verify's three kinds, with its own fields. */
public sealed interface ExtractionTarget extends Serializable {

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
      boolean basicLatex, boolean units, boolean malformedOperators, boolean nits, Boxed boxed)
      implements Serializable {
    public static Normalization full() {
      return new Normalization(true, true, true, true, Boxed.ALL);
    }
  }

  /**
   * LaTeX between delimiters or in a box.
   *
   * @param withoutAnchor whether mathematics anywhere counts, not only after "answer" or in a box
   * @param boxedPriority 0 before every anchor, 50 after "final answer is", −1 never
   */
  record Latex(boolean withoutAnchor, int boxedPriority, Normalization normalization)
      implements ExtractionTarget {
    public Latex {
      if (boxedPriority < -1) {
        throw new IllegalArgumentException(
            "Cannot use boxed_match_priority = "
                + boxedPriority
                + ": it must be -1 (never), or 0 and above; 0 looks at boxes first");
      }
    }

    public static Latex defaults() {
      return new Latex(true, 50, Normalization.full());
    }
  }

  /** Plain numbers and arithmetic without LaTeX. */
  record Plain(boolean withoutAnchor) implements ExtractionTarget {
    public static Plain defaults() {
      return new Plain(true);
    }
  }

  /** One of a few strings, such as the letters of a multiple choice. */
  record Strings(List<String> strings, boolean withoutAnchor, boolean lowercase)
      implements ExtractionTarget {
    public Strings {
      if (strings.isEmpty()) {
        throw new IllegalArgumentException(
            "Cannot look for strings = []: name at least one, A B C D are usual");
      }
      strings = List.copyOf(strings);
    }

    public static Strings defaults() {
      return new Strings(List.of("A", "B", "C", "D"), true, true);
    }
  }
}
