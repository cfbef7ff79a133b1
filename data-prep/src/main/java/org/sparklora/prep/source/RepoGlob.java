package org.sparklora.prep.source;

import java.util.regex.Pattern;

/**
 * A pattern of a dataset card's {@code data_files}: {@code *} and {@code ?} stay within a folder,
 * {@code **} crosses folders, {@code [0-9]} is one of several characters. A name without any of
 * them is a file or, as {@code datasets} takes it, a folder.
 */
record RepoGlob(Pattern regex) {

  static RepoGlob of(String pattern) {
    String glob = pattern.replaceFirst("^\\./", "");
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
    return new RepoGlob(Pattern.compile(regex.append("(?:/.*)?").toString()));
  }

  boolean matches(String path) {
    return regex.matcher(path).matches();
  }
}
