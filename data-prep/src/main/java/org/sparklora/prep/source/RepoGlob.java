package org.sparklora.prep.source;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A pattern of a dataset card's {@code data_files}: {@code *} and {@code ?} stay within a folder,
 * {@code **} crosses folders, {@code [0-9]} is one of several characters. A pattern without these
 * characters is a file or a folder.
 */
record RepoGlob(Pattern regex) {
  private static final Pattern MAGIC = Pattern.compile("[*?\\[]");
  private static final Pattern PART = Pattern.compile("(?s)\\*\\*/?|\\[.[^\\]]*\\]|.");

  /** Whether the text is a pattern, and not a plain name. */
  static boolean isPattern(String text) {
    return MAGIC.matcher(text).find();
  }

  static RepoGlob of(String pattern) {
    String glob = pattern.replaceFirst("^\\./", "").replaceFirst("/+$", "");
    String regex =
        PART.matcher(glob).replaceAll(part -> Matcher.quoteReplacement(regex(part.group())));
    return new RepoGlob(Pattern.compile(isPattern(glob) ? regex : regex + "(?:/.*)?"));
  }

  private static String regex(String part) {
    return switch (part) {
      case "**/" -> "(?:.*/)?";
      case "**" -> ".*";
      case "*" -> "[^/]*";
      case "?" -> "[^/]";
      default -> {
        String members = part.substring(1).replace("\\", "\\\\").replace("[", "\\[");
        yield members.endsWith("]") ? "[" + members.replaceFirst("^!", "^") : Pattern.quote(part);
      }
    };
  }

  boolean matches(String path) {
    return regex.matcher(path).matches();
  }
}
