package org.sparklora.text.bpe;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class AddedTokenMatcherTest {

  @Test
  void takesTheLeftmostAndOfThoseTheLongest() {
    assertThat(scan("xabcab", token("ab"), token("abc"), token("bca")))
        .containsExactly("x", "[abc]", "[ab]");
    assertThat(scan("aab", token("ab"))).containsExactly("a", "[ab]");
  }

  @Test
  void aSingleWordTouchesNoLetterDigitOrUnderscore() {
    AddedToken word =
        new AddedToken(0, "ab", new AddedToken.Search(true, false, false, false), false);

    assertThat(scan("ab xab ab_ -ab-", word)).containsExactly("[ab]", " xab ab_ -", "[ab]", "-");
    // in tokenizers 0.23 a raised two is no digit, and a joiner belongs to its word
    assertThat(scan("ab² ab\u200D ab", word)).containsExactly("[ab]", "² ab\u200D ", "[ab]");
  }

  @Test
  void takesTheSpaceAroundItIfItStrips() {
    AddedToken both =
        new AddedToken(0, "ab", new AddedToken.Search(false, true, true, false), false);

    assertThat(scan("x \n ab\t ab y", both)).containsExactly("x", "[ \n ab\t ]", "[ab ]", "y");
  }

  /** tokenizers 0.23.3 finds the token in that space, too. */
  @Test
  void aTokenOfSpaceIsFoundInTheSpaceThatATokenBeforeItTakes() {
    AddedToken strips =
        new AddedToken(1, "<m>", new AddedToken.Search(false, false, true, false), true);

    assertThat(scan("<m>   x", strips, token("  "))).containsExactly("[<m>   ]", "[  ]", " x");
    assertThat(scan("a<m>  <m>    b", strips, token("  ")))
        .containsExactly("a", "[<m>  ]", "[  ]", "[<m>    ]", "[  ]", "[  ]", "b");
  }

  @Test
  void textWithoutTokensComesBackWhole() {
    assertThat(scan("<|im_end", token("<|im_end|>"))).containsExactly("<|im_end");
    assertThat(scan("", token("a"))).isEmpty();
  }

  private static AddedToken token(String content) {
    return new AddedToken(0, content, AddedToken.Search.PLAIN, true);
  }

  private static List<String> scan(String text, AddedToken... tokens) {
    List<AddedToken> list = Arrays.asList(tokens);
    List<String> found = new ArrayList<>();
    new AddedTokenMatcher(list, content -> content)
        .scan(
            text,
            (id, start, end) -> {
              String part = text.substring(start, end);
              found.add(id == AddedTokenMatcher.TEXT ? part : "[" + part + "]");
            });
    return found;
  }
}
