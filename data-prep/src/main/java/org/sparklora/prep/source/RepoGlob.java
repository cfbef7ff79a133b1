package org.sparklora.prep.source;

import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/**
 * A pattern of a dataset card's {@code data_files}: {@code *} and {@code ?} stay within a folder,
 * {@code **} crosses folders, {@code [0-9]} is one of several characters. A pattern without these
 * characters is a file or a folder.
 *
 * <p>Cards are written by strangers: the time of a match grows with the product of the lengths of
 * pattern and path, where a regular expression would try every way to divide a path among stars.
 *
 * @param parts of the pattern: a wildcard, or one character
 */
record RepoGlob(String pattern, List<String> parts) {
  private static final Pattern MAGIC = Pattern.compile("[*?\\[]");
  private static final Pattern PART = Pattern.compile("(?s)\\*\\*/?|\\[.[^\\]]*\\]|.");

  /** Whether the text is a pattern, and not a plain name. */
  static boolean isPattern(String text) {
    return MAGIC.matcher(text).find();
  }

  static RepoGlob of(String pattern) {
    String glob = pattern.replaceFirst("^\\./", "").replaceFirst("(?<!/)/+$", "");
    return new RepoGlob(glob, PART.matcher(glob).results().map(MatchResult::group).toList());
  }

  boolean matches(String path) {
    if (!isPattern(pattern)) {
      return path.equals(pattern) || path.startsWith(pattern + "/");
    }
    int[] text = path.codePoints().toArray();
    boolean[] ends = new boolean[text.length + 1]; // where the parts so far may end in the path
    ends[0] = true;
    for (String part : parts) {
      ends = after(part, ends, text);
      if (isNone(ends)) {
        return false;
      }
    }
    return ends[text.length];
  }

  /** Where a part may end in the path if it begins at one of these places. */
  private static boolean[] after(String part, boolean[] begins, int[] text) {
    boolean[] ends = new boolean[begins.length];
    boolean begun = false; // whether the part may begin at an earlier place
    for (int i = 0; i < ends.length; i++) {
      ends[i] =
          switch (part) {
            case "**/" -> begins[i] || begun && text[i - 1] == '/';
            case "**" -> begins[i] || begun;
            case "*" -> begins[i] || i > 0 && ends[i - 1] && text[i - 1] != '/';
            default -> i > 0 && begins[i - 1] && isOne(part, text[i - 1]);
          };
      begun |= begins[i];
    }
    return ends;
  }

  private static boolean isNone(boolean[] places) {
    for (boolean place : places) {
      if (place) {
        return false;
      }
    }
    return true;
  }

  private static boolean isOne(String part, int character) {
    if (part.equals("?")) {
      return character != '/';
    }
    if (part.length() < 3) { // a class has a character between its brackets
      return part.codePointAt(0) == character;
    }
    boolean isNegated = part.startsWith("[!") && part.length() > 3;
    return isNegated != isMember(part, isNegated ? 2 : 1, character);
  }

  /** Whether a class has the character; a hyphen between two characters makes a range of them. */
  private static boolean isMember(String part, int firstMember, int character) {
    int i = firstMember;
    while (i < part.length() - 1) {
      int first = part.codePointAt(i);
      int last = first;
      i += Character.charCount(first);
      if (part.charAt(i) == '-' && i + 2 < part.length()) {
        last = part.codePointAt(i + 1);
        i += 1 + Character.charCount(last);
      }
      if (first <= character && character <= last) {
        return true;
      }
    }
    return false;
  }
}
