package org.sparklora.pipeline.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RootCauseTest {

  @Test
  void theInnermostCauseIsTheRoot() {
    EOFException root = new EOFException();
    IOException middle = new IOException("cut", root);
    UncheckedIOException failure = new UncheckedIOException("read", middle);
    assertThat(RootCause.of(failure)).isSameAs(root);
    assertThat(RootCause.of(root)).isSameAs(root);
    assertThat(RootCause.chain(failure)).containsExactly(failure, middle, root);
  }

  @Test
  void theOutermostExceptionOfATypeIsFound() {
    EOFException root = new EOFException();
    IOException middle = new IOException("cut", root);
    UncheckedIOException failure = new UncheckedIOException("read", middle);
    assertThat(RootCause.find(failure, IOException.class)).containsSame(middle);
    assertThat(RootCause.find(failure, EOFException.class)).containsSame(root);
    assertThat(RootCause.find(failure, IllegalStateException.class)).isEmpty();
  }

  @Test
  void theReasonOfAFailureIsMoreThanTheFile() {
    assertThat(RootCause.reason(new FileSystemException("a", null, "No space left")))
        .isEqualTo("No space left");
    assertThat(RootCause.reason(new NoSuchFileException("a"))).isEqualTo("NoSuchFile");
    assertThat(RootCause.reason(new EOFException())).isEqualTo("EOF");
    assertThat(RootCause.reason(new IOException("cut"))).isEqualTo("cut");
  }

  /** Java refuses the cause itself only, not a longer cycle. */
  @Test
  void aCycleOfCausesEnds() {
    IllegalStateException first = new IllegalStateException("first");
    IllegalStateException second = new IllegalStateException("second", first);
    IllegalStateException outer = new IllegalStateException("outer", second);
    first.initCause(second);
    assertThat(RootCause.chain(outer)).containsExactly(outer, second, first);
    assertThat(RootCause.of(outer)).isSameAs(first);
    assertThat(RootCause.of(first)).isSameAs(second);
    assertThat(RootCause.find(outer, IOException.class)).isEmpty();
  }

  @Test
  void anExceptionThatNamesItselfAsItsCauseIsTheRoot() {
    IllegalStateException own =
        new IllegalStateException("own") {
          @Override
          public synchronized Throwable getCause() {
            return this;
          }
        };
    assertThat(RootCause.chain(own)).containsExactly(own);
    assertThat(RootCause.of(own)).isSameAs(own);
  }

  /** Exceptions that are equal are not the same. */
  @Test
  void equalExceptionsAreEachOfTheChain() {
    class Equal extends RuntimeException {
      Equal(Throwable cause) {
        super(cause);
      }

      @Override
      public boolean equals(Object other) {
        return other instanceof Equal;
      }

      @Override
      public int hashCode() {
        return 7;
      }
    }
    Equal root = new Equal(null);
    assertThat(RootCause.of(new Equal(root))).isSameAs(root);
  }

  @ParameterizedTest
  @CsvSource({
    "one line, one line",
    "'first\nsecond', first",
    "'first\r\nsecond', first",
    "'first\rsecond', first",
    "'first\n', first",
    "'\nsecond', ''",
    "' padded \nsecond', ' padded '",
    "'', ''",
    "java.io.IOException, java.io.IOException"
  })
  void theFirstLineIsThatOfTheMessageAlone(String message, String first) {
    assertThat(RootCause.firstLine(new IOException(message, new IOException("cause"))))
        .isEqualTo(first);
  }

  @Test
  void anExceptionWithoutAMessageSaysNull() {
    assertThat(RootCause.firstLine(new IOException((String) null))).isEqualTo("null");
  }

  /** The message of a wrapper without one of its own is its cause as text. */
  @Test
  void aMereWrapperSaysItsCause() {
    assertThat(RootCause.firstLine(new IOException(new EOFException())))
        .isEqualTo("java.io.EOFException");
    assertThat(RootCause.firstLine(new IOException(new EOFException("at 7\nof 9"))))
        .isEqualTo("java.io.EOFException: at 7");
  }

  @Test
  void anEmptyTextGivesTheOtherOne() {
    assertThat(RootCause.firstLine("", "nothing said")).isEqualTo("nothing said");
    assertThat(RootCause.firstLine("\n", "nothing said")).isEmpty();
    assertThat(RootCause.firstLine("said", "nothing said")).isEqualTo("said");
  }
}
