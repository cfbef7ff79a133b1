package org.sparklora.observe.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TicksTest {

  private static List<String> labels(Ticks ticks) {
    return ticks.marks().stream().map(Ticks.Mark::label).toList();
  }

  private static double[] numbers(String words) {
    return Arrays.stream(words.split(" ")).mapToDouble(Double::parseDouble).toArray();
  }

  @ParameterizedTest
  @CsvSource({
    "0 0 0, true, 0 0.2 0.4 0.6 0.8 1.0",
    "0 0 0, false, 0 0.2 0.4 0.6 0.8 1.0",
    "0 1e-4 2e-4, true, 0 5e-5 1.0e-4 1.5e-4 2.0e-4",
    "1e-9 2e-9, false, 1.0e-9 1.2e-9 1.4e-9 1.6e-9 1.8e-9 2.0e-9",
    "2 2 2, false, 1.8 1.9 2.0 2.1 2.2",
    "2.345678 2.345679, false, 2.2 2.3 2.4 2.5",
    "0.5 3, false, 0.5 1.0 1.5 2.0 2.5 3.0",
    "512 512, true, 0 100 200 300 400 500",
    "0 123456, true, 0 20000 40000 60000 80000 100000 120000",
    "0 1e14, true, 0 2e13 4e13 6e13 8e13 1.0e14",
    "-0.01 0.01, false, -0.010 -0.005 0 0.005 0.010",
    "-3 -1, true, -3 -2 -1 0",
    "NaN 1 NaN 2, false, 1.0 1.2 1.4 1.6 1.8 2.0",
    "Infinity 1 2, false, 1.0 1.2 1.4 1.6 1.8 2.0",
    "NaN, false, 0 0.2 0.4 0.6 0.8 1.0"
  })
  void marksAreRoundNumbersAsShortAsTheyCanBeTold(String values, boolean zero, String labels) {
    Ticks ticks = Ticks.linear(numbers(values), zero);

    assertThat(labels(ticks).stream().map(label -> label.replace(",", "")))
        .containsExactly(labels.split(" "));
    assertThat(ticks.high() - ticks.low()).isPositive();
  }

  @Test
  void noRangeOfNumbersBreaksAnAxis() {
    double[] extremes = {0, 1, -1, 1e-320, 1e-300, 1e-9, 1e9, 1e300, Double.MAX_VALUE};
    for (double a : extremes) {
      for (double b : extremes) {
        for (boolean zero : new boolean[] {true, false}) {
          Ticks ticks = Ticks.linear(new double[] {a, b}, zero);
          assertThat(ticks.high()).as(a + " " + b).isFinite().isGreaterThan(ticks.low());
          assertThat(ticks.marks().size()).as(a + " " + b).isBetween(2, 12);
          assertThat(labels(ticks)).doesNotHaveDuplicates().doesNotContain("0E0", "-0", "0e0");
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1e-5, 1e-3, 1e-5 2e-5 5e-5 1e-4 2e-4 5e-4 1e-3",
    "0.5, 5000, 1 10 100 1000",
    "1e-12, 1, 1e-12 1e-9 1e-6 1e-3 1",
    "30, 30.00000003, 30",
    "3e-4, 4e-4, 3.0e-4"
  })
  void decadesAreMarked(double least, double largest, String labels) {
    assertThat(labels(Ticks.logarithmic(least, largest)).stream().map(l -> l.replace(",", "")))
        .containsExactly(labels.split(" "));
  }

  @ParameterizedTest
  @CsvSource({"0, 0 1", "1, 0 1", "2, 0 1 2", "3, 0 1 2 3", "200, 0 50 100 150 200"})
  void stepsAreWhole(double last, String labels) {
    assertThat(labels(Ticks.steps(last))).containsExactly(labels.split(" "));
  }
}
