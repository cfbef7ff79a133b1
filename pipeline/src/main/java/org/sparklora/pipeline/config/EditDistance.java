package org.sparklora.pipeline.config;

/**
 * The fewest insertions, deletions, substitutions and exchanges of neighbours that turn one text
 * into another (Levenshtein's distance with Damerau's exchange, each character edited once).
 */
final class EditDistance {
  private EditDistance() {}

  static int between(String a, String b) {
    int[][] distance = new int[a.length() + 1][b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      distance[0][j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      distance[i][0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int substituted = distance[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int edited = Math.min(distance[i - 1][j], distance[i][j - 1]) + 1;
        distance[i][j] = Math.min(substituted, edited);
        if (exchanged(a, i, b, j)) {
          distance[i][j] = Math.min(distance[i][j], distance[i - 2][j - 2] + 1);
        }
      }
    }
    return distance[a.length()][b.length()];
  }

  private static boolean exchanged(String a, int i, String b, int j) {
    return i > 1
        && j > 1
        && a.charAt(i - 1) == b.charAt(j - 2)
        && a.charAt(i - 2) == b.charAt(j - 1);
  }
}
