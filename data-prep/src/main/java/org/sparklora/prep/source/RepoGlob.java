package org.sparklora.prep.source;

import java.util.regex.Pattern;

/**
 * A pattern of a dataset card's {@code data_files}: {@code *} and {@code ?} stay within a folder,
 * {@code **} crosses folders, {@code [0-9]} is one of several characters. A pattern without these
 * characters is a file or a folder.
 */
record RepoGlob(Pattern regex) {
  private static final Pattern MAGIC = Pattern.compile("[*?\\[]");

  /** Whether the text is a pattern, and not a plain name. */
  static boolean isPattern(String text) {
    return MAGIC.matcher(text).find();
  }

  static RepoGlob of(String pattern) {
    String glob = pattern.replaceFirst("^\\./", "").replaceFirst("/+$", "");
    StringBuilder regex = new StringBuilder();
    for (int i = 0; i < glob.length(); i++) {
      char c = glob.charAt(i);
      int close = c == '[' ? glob.indexOf(']', i + 2) : -1;
      if (glob.startsWith("**/", i)) {
        regex.append("(?:.*/)?");
        i += 2;
      } else if (glob.startsWith("**", i)) {
        regex.append(".*");
        i++;
      } else if (c == '*') {
        regex.append("[^/]*");
      } else if (c == '?') {
        regex.append("[^/]");
      } else if (close > 0) {
        String members = glob.substring(i + 1, close).replace("\\", "\\\\").replace("[", "\\[");
        regex.append('[').append(members.replaceFirst("^!", "^")).append(']');
        i = close;
      } else {
        regex.append(Pattern.quote(String.valueOf(c)));
      }
    }
    if (!isPattern(glob)) {
      regex.append("(?:/.*)?");
    }
    return new RepoGlob(Pattern.compile(regex.toString()));
  }

  boolean matches(String path) {
    return regex.matcher(path).matches();
  }
}
