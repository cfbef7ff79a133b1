package org.sparklora.pipeline.run;

import java.util.Comparator;
import java.util.List;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/**
 * The files that commands write into an output folder, told by their names from a user's own files,
 * which no command may delete. Stateless.
 */
public final class OwnFiles {
  /** Files in progress, and checksums of Hadoop's local file system. */
  private static final Predicate<String> HIDDEN =
      matching("\\.(.+\\.(crc|part)|(part-|results|run\\.lock|metrics\\.jsonl).*)");

  private static final String MODEL =
      "((generation_|adapter_|tokenizer_)?config|tokenizer|special_tokens_map|added_tokens|vocab"
          + "|chat_template)\\.json|merges\\.txt|tokenizer\\.model|chat_template\\.jinja"
          + "|additional_chat_templates"
          + "|(adapter_)?model(-\\d+-of-\\d+)?\\.safetensors(\\.index\\.json)?";

  private static final Kind RUN =
      Kind.of(
          "(sft|grpo)_config\\.yaml|\\.results|trial\\.json",
          MODEL
              + "|README\\.md|trainer_state\\.json|regret\\.json|(loss|reward)\\.png"
              + "|metrics\\.jsonl|runs|completions|rounds|vllm-adapters|checkpoint-\\d+");

  private static final List<Kind> KINDS =
      List.of(
          RUN,
          Kind.of("model(-\\d+-of-\\d+)?\\.safetensors", MODEL),
          Kind.of(
              "_(files|(prep|prompts)_manifest|(reward|select|eval)_summary)\\.json",
              "(train|part)-\\d{5}.*|_SUCCESS|eval_config\\.yaml|trial\\.json"),
          Kind.of("manifest\\.json", "data|removed|datasets\\.yaml"));

  private OwnFiles() {}

  /**
   * A kind of output folder.
   *
   * @param isMark whether every such folder has a file of this name
   * @param isOwn whether commands write a file or folder of this name into it
   */
  private record Kind(Predicate<String> isMark, Predicate<String> isOwn) {
    static Kind of(String mark, String others) {
      return new Kind(matching(mark), matching(mark + "|" + others));
    }
  }

  private static Predicate<String> matching(String names) {
    return Pattern.compile(names).asMatchPredicate();
  }

  /** Whether a file of that name is no result, but in progress. */
  static boolean isHidden(String name) {
    return HIDDEN.test(name);
  }

  /** Whether a folder with these files is a run's. */
  static boolean areOfRun(List<String> files) {
    return files.stream().anyMatch(RUN.isMark);
  }

  /** Whether runs write a file of that name into their folder. */
  public static boolean isOfRun(String name) {
    return RUN.isOwn.test(name);
  }

  /**
   * The files of a folder that are not known to be a command's; all of them in a folder of no known
   * kind.
   */
  static List<String> foreign(List<String> files) {
    List<String> shown = files.stream().filter(name -> !isHidden(name)).toList();
    return KINDS.stream()
        .filter(kind -> shown.stream().anyMatch(kind.isMark))
        .map(kind -> shown.stream().filter(kind.isOwn.negate()).toList())
        .min(Comparator.comparingInt(List::size))
        .orElse(shown);
  }
}
