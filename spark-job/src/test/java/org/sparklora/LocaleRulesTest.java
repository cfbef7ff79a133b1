package org.sparklora;

import static com.tngtech.archunit.base.DescribedPredicate.describe;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaCall;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.util.Formatter;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Scanner;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Nothing depends on the locale of who runs it, in whose digits, signs and letters programs cannot
 * read what was written: what asks the JDK for the default locale is given one.
 */
@AnalyzeClasses(
    packages = "org.sparklora",
    importOptions = {DoNotIncludeTests.class, ModuleDirectionTest.NoTestJars.class})
class LocaleRulesTest {
  private static final String LOCALE = Locale.class.getName();

  /** Methods that use the default locale unless a locale is among their arguments. */
  private static final Map<String, Set<String>> OF_A_LOCALE =
      Map.of(
          "java.lang.String",
          Set.of("format", "toLowerCase", "toUpperCase"),
          "java.io.PrintStream",
          Set.of("format", "printf"),
          "java.io.PrintWriter",
          Set.of("format", "printf"),
          "java.io.Console",
          Set.of("format", "printf"),
          "java.time.format.DateTimeFormatter",
          Set.of("ofPattern"),
          "java.time.format.DateTimeFormatterBuilder",
          Set.of("toFormatter"),
          "java.util.ResourceBundle",
          Set.of("getBundle"),
          LOCALE,
          Set.of("getDefault", "setDefault"));

  /**
   * Classes that are of the default locale in the same way, or have no other use than a locale's.
   */
  private static final Set<String> CLASSES =
      Set.of(
          Formatter.class.getName(),
          Scanner.class.getName(),
          "java.text.NumberFormat",
          "java.text.DecimalFormat",
          "java.text.DateFormat",
          "java.text.SimpleDateFormat",
          "java.text.MessageFormat",
          "java.text.Collator");

  @ArchTest
  static final ArchRule NO_CALL_USES_THE_DEFAULT_LOCALE =
      noClasses()
          .should()
          .callCodeUnitWhere(usesTheDefaultLocale())
          .because("it writes and reads digits that programs do not; name Locale.ROOT");

  private static DescribedPredicate<JavaCall<?>> usesTheDefaultLocale() {
    return describe(
        "the default locale is used",
        call -> {
          CodeUnitCallTarget target = call.getTarget();
          String owner = target.getOwner().getName();
          return target.getRawParameterTypes().stream()
                  .noneMatch(type -> type.isEquivalentTo(Locale.class))
              && (CLASSES.contains(owner)
                  || OF_A_LOCALE.getOrDefault(owner, Set.of()).contains(target.getName()));
        });
  }

  private static final Pattern LITERALS_BEFORE_FORMATTED =
      Pattern.compile(
          "(?s)((?:\"(?:[^\"\\\\\\n]|\\\\.)*\"[\\s+)]*)+|\"\"\"(?:(?!\"\"\").)*\"\"\"\\s*)(?:\\.|::)formatted\\b");

  private static final Pattern FORMATTED = Pattern.compile("(?:\\.|::)formatted\\b");

  /** {@code %s} writes a whole number as it is; other conversions are the locale's. */
  private static final Pattern OF_NUMBERS =
      Pattern.compile("%(?:\\d+\\$)?(?:[-#+ 0,(]*\\d*(?:\\.\\d+)?[deEfgGaAtTS]|-?0\\d*s)");

  /** String.formatted takes no locale. */
  @Test
  void textsAreFormattedWithoutConversionsOfALocale() {
    List<String> wrong =
        SourceRulesTest.sources(false)
            .flatMap(
                source ->
                    wrong(SourceRulesTest.text(source))
                        .map(text -> source.getFileName() + ": " + text))
            .toList();

    assertThat(wrong)
        .as(
            "Write %%s for a whole number; else String.format(Locale.ROOT, ...), also where the format is no literal")
        .isEmpty();
  }

  @Test
  void eachOfThemIsFound() {
    assertThat(wrong("a(\"%s of \" + \"%,d\".formatted(n))")).hasSize(1);
    assertThat(wrong("(\"%d \"\n + \"rows\").formatted(n)")).hasSize(1);
    assertThat(wrong("\"\"\"\n  \"%.2f\"\n\"\"\".formatted(n)")).hasSize(1);
    assertThat(wrong("map(\"%d rows\"::formatted)")).hasSize(1);
    assertThat(wrong("FORMAT.formatted(n)")).hasSize(1);
    assertThat(wrong("a(\"%d\", 1, \"100 %% of %s\".formatted(n))")).isEmpty();
  }

  private static Stream<String> wrong(String source) {
    List<Integer> literal =
        LITERALS_BEFORE_FORMATTED.matcher(source).results().map(found -> found.end()).toList();
    return Stream.concat(
        LITERALS_BEFORE_FORMATTED
            .matcher(source)
            .results()
            .map(found -> found.group(1))
            .filter(text -> OF_NUMBERS.matcher(text.replace("%%", "")).find()),
        FORMATTED
            .matcher(source)
            .results()
            .filter(found -> !literal.contains(found.end()))
            .map(found -> source.substring(Math.max(0, found.start() - 30), found.end())));
  }
}
