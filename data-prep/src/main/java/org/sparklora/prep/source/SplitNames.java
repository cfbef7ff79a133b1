package org.sparklora.prep.source;

import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.sparklora.pipeline.config.ConfigException;

/**
 * Which files belong to a split, told by names as Hugging Face's {@code datasets} does: {@code
 * data/train-00000-of-00002.parquet}, {@code train.jsonl}, {@code dev/part.parquet}.
 */
final class SplitNames {
  /** By line the words that mean the same split. */
  private static final List<List<String>> WORDS =
      List.of(
          List.of("train", "training"),
          List.of("test", "testing", "eval", "evaluation"),
          List.of("validation", "valid", "dev", "val"));

  private SplitNames() {}

  /**
   * The files that are named after the split; all, when none is named after any split.
   *
   * @param path of a file, below the dataset's root
   * @throws ConfigException when files are named after other splits only
   */
  static <T> List<T> ofSplit(
      List<T> files, Function<T, String> path, String dataset, String split) {
    List<T> wanted =
        files.stream().filter(file -> isNamedAfter(path.apply(file), meaning(split))).toList();
    if (!wanted.isEmpty()) {
      return wanted;
    }
    Optional<String> other =
        files.stream()
            .map(path)
            .filter(name -> WORDS.stream().anyMatch(words -> isNamedAfter(name, words)))
            .findFirst();
    if (other.isPresent()) {
      throw new ConfigException(
          "dataset_train_split",
          split,
          "no file under %s is named after it, while %s is named after another split; name a split that is there"
              .formatted(dataset, other.get().substring(other.get().lastIndexOf('/') + 1)));
    }
    return files;
  }

  private static List<String> meaning(String split) {
    return WORDS.stream().filter(words -> words.contains(split)).findFirst().orElse(List.of(split));
  }

  /** Whether one of the words stands as a word of its own in the path. */
  private static boolean isNamedAfter(String path, List<String> words) {
    return words.stream()
        .anyMatch(
            word ->
                Pattern.compile("(^|[/._ \\d-])" + Pattern.quote(word) + "([/._ \\d-]|$)")
                    .matcher(path)
                    .find());
  }
}
