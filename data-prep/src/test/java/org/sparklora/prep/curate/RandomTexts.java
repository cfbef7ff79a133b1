package org.sparklora.prep.curate;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Texts of random words, some of which are edited copies of earlier ones. */
final class RandomTexts {
  private RandomTexts() {}

  /** A third of the texts are new; of the copies, up to a tenth of the words are others. */
  static List<String> withDuplicates(int count, int words, int seed) {
    Random random = new Random(seed);
    List<String[]> texts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      boolean isNew = i == 0 || random.nextInt(3) == 0;
      String[] text =
          isNew
              ? new String[words / 2 + random.nextInt(words)]
              : texts.get(random.nextInt(i)).clone();
      int edits = isNew ? text.length : random.nextInt(1 + words / 30);
      for (int edit = 0; edit < edits; edit++) {
        int at = isNew ? edit : random.nextInt(text.length);
        text[at] = Integer.toString(random.nextInt(20_000), 36);
      }
      texts.add(text);
    }
    return texts.stream().map(text -> String.join(" ", text)).toList();
  }
}
