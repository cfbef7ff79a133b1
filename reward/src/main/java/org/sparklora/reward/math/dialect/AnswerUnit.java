package org.sparklora.reward.math.dialect;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.sparklora.reward.math.extract.Spaces;

/**
 * A unit at the end of an answer in LaTeX. An answer may omit its unit, but 15 m is not 15 cm.
 *
 * @param amount the text before the unit
 * @param unit the unit as written
 */
record AnswerUnit(String amount, String unit) {
  /** Variables and unit vectors in another type are no units. */
  private static final String NO_NAME = "(?!\\\\[a-z]+\\s*\\{[~\\s]*[ijkxyz][~\\s]*\\})";

  private static final Pattern FINAL_UNIT =
      Pattern.compile(
          "(.*(?:[0-9})]|\\\\pi)(?:\\s?[a-zA-Z])?)(?:\\\\[,; ]|~|\\s)*+"
              + "("
              + NO_NAME
              + "\\\\(?:text|mathrm|textbf|mathbf|operatorname)\\{[~\\s]*\\p{L}[\\p{L} ./]*\\}(?:\\^\\{?[0-9]\\}?)?)");

  /** Words that change or negate a value, and so are not units. */
  static final Pattern NO_UNIT =
      Pattern.compile(
          "(?i)(?<![a-z])(?:not?|never|nor|except|without|wrong|false|incorrect|isn|less|more|most|least|fewer|over|under|times(?=\\W+(?:the|that|[b-z](?![a-z])|[0-9]))|mod|modulo"
              + "|base|off (?:the|its|of|from)|(?:off|short|extra|missing|cheaper|discounts?)(?=\\W*+$)|if|when|unless|squared|cubed|half|halves|thirds?|quarters?|fifths?|sixths?|sevenths?|eighths?"
              + "|ninths?|tenths?|hundredths?|thousandths?|dozens?"
              + "|hundreds?|thousands?|lakhs?|crores?|[bmtr]+illion(?:th)?s?|[a-z]+(?:teen|tie)ths?|repeating|recurring"
              + "|below|plus|minus|factorial|root|pi|choose|percent|to|and|or|per ?cent"
              + "|sin|pas|nicht|kein\\p{L}*|(?<!\\p{L})не(?!\\p{L})|mil(?!\\p{L})|mill[oó]n(?:es)?|milliard\\p{L}*|docenas?|douzaines?|менее|более"
              + "|тысяч\\p{L}*|миллион\\p{L}*|[万亿不非没无错误假成折半余多少]|[百千](?![克米卡瓦焦])|以[上下内外]|分之|[大小]于)(?![a-z])");

  private static final String NUMBER =
      "-?(?:[0-9][0-9.,]*(?:(?:\\\\[,; ]|[ ~])[0-9]{3}(?![0-9]))*+|\\\\frac\\{-?[0-9]+\\}\\{[0-9]+\\}|[0-9]*\\.[0-9]+"
          + "|\\([0-9]+\\+\\\\frac\\{[0-9]+\\}\\{[0-9]+\\}\\))(?:[eE][-+]?[0-9]+|/[0-9]+)?";
  private static final String NAME = "[a-zA-Z\\\\][^=<>]*=\\s*";
  private static final Pattern NAMED = Pattern.compile(NAME);
  private static final Pattern WITH_UNIT =
      Pattern.compile(
          "(("
              + NAME
              + ")?+"
              + NUMBER
              + "(?:\\s*\\\\(?:times|cdot)\\s*10\\^\\{?-?[0-9]+\\}?)?(\\s*(?:\\\\pi|\\\\sqrt\\{[0-9]+\\}))?)((?:\\\\[,;: ]|~|\\s)*+)(.+)");
  private static final Pattern UNIT_TEXT =
      Pattern.compile(
          "(?:"
              + NO_NAME
              + "\\\\(?:text|mathrm|textbf|mathbf|rm|operatorname)\\s*\\{(?:[^{}]|\\{[^{}]*\\})*+\\}(?:\\^\\{?-?[0-9]\\}?)?|\\\\frac\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}\\{\\\\(?:text|mathrm)\\{[^{}]*\\}\\}|[/ ~.]|\\\\[,;: ]|\\\\cdot)++");
  private static final Pattern UNIT_WORDS =
      Pattern.compile(
          "([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?)(?:[ /·]+([a-zA-Z]+(?:\\^\\{?-?[0-9]\\}?)?))*+\\.?");

  /** Words for units and for things that are counted, beside those in {@code SPELLINGS}. */
  private static final Set<String> UNITS =
      Set.of(
          ("day days week weeks month months ton tons pound pounds gallon gallons cent cents sq square cubic"
                  + " unit units hz people person students apples eggs books ways times pages points tickets"
                  + " customers marbles coins percent of per")
              .split(" "));

  /** A word for things that are counted, as in {@code 72 clips}; shorter ones are products. */
  private static final Pattern THINGS =
      Pattern.compile("(?!(?:arc)?(?:sin|cos|tan|cot|csc|log|exp|sqrt|point)[a-z]?$)[a-zA-Z]{3,}");

  private static final Pattern CURRENCY_SIGN =
      Pattern.compile(
          "\\s*(\\\\?\\$|US\\\\?\\$|€|£|¥|₹|USD|EUR|Rs\\.?|\\\\text\\{\\s*Rs\\.?\\s*\\})\\s*[-0-9.].*|\\s*"
              + NUMBER
              + "(?:\\\\[,;: ]|~|\\s)*+(€|£|¥|₹|USD|EUR)\\s*",
          Pattern.DOTALL);
  private static final Pattern POWERS_OF_TEN =
      Pattern.compile("^(?:thousand|[mbtr]+illion|dozen|[万亿])(?:\\s+|(?!\\p{L}))");
  private static final Pattern COMMAND =
      Pattern.compile("\\\\(?:text|mathrm|mbox|mathbf|textbf|rm|operatorname)(?![a-zA-Z])");
  private static final Pattern FRACTION = Pattern.compile("\\\\frac\\{(.*)\\}\\{(.*)\\}");
  private static final Pattern SPACE = Pattern.compile("\\\\[,;: ]|\\\\cdot|[~\\s·{}]+");
  private static final Pattern WORD = Pattern.compile("[A-Za-z]{2,}");
  private static final Pattern METRES_SQUARED =
      Pattern.compile("(?<!\\p{L})(\\p{L}*m[eè]tr[eo]s?) (cuadrado|carré|cúbico|cube)s?(?!\\p{L})");
  private static final Pattern METRES_IN_HAN = Pattern.compile("(平方|立方)(\\p{IsHan}+)");
  private static final Pattern POWER_WORD = Pattern.compile("\\b(sq|square|cubic)\\.? (\\S+)");

  /**
   * The canonical spelling of each unit, then the others; a regular plural needs none. Units that
   * share a name or sign have it first, then capitals.
   */
  private static final String[] SPELLINGS =
      ("nanometer nm nanometre,micrometer μm um micrometre micron,millimeter mm millimetre"
              + ",centimeter cm centimetre,decimeter dm decimetre,meter m metre,kilometer km kilometre"
              + ",inch in inches,foot ft feet,yard yd,mile mi,gram g,kilogram kg,milligram mg,poundMASS lb lbs,poundSTERLING £"
              + ",ounce oz,nanosecond ns,microsecond μs,millisecond ms,second s sec"
              + ",minute min,hour h hr hrs,year yr yrs,liter l L litre,milliliter ml"
              + ",dollar usd $ us$,euro eur €,rupee rs inr ₹,¥,¥YEN yen,¥YUAN yuan,degree deg,radian rad,ampere amp"
              + ",mile/hour mph,kilometer/hour kmh kph")
          .split(",");

  /** The same in other languages; those in {@code SPELLINGS} have their signs there. */
  private static final String[] TRANSLATIONS =
      ("millimeter milímetro millimètre 毫米 мм,centimeter centímetro centimètre 厘米 公分 см"
              + ",decimeter decímetro décimètre 分米 дм,meter metro mètre 米 公尺 м,kilometer kilómetro kilomètre 千米 公里 км"
              + ",gram gramo gramme 克 г,kilogram kilogramo kilogramme 千克 公斤 кг,milligram miligramo milligramme 毫克 мг"
              + ",second segundo seconde 秒,minute minuto 分钟 мин,hour hora heure 小时,day día jour 天,week semana semaine 周 星期"
              + ",month mes meses mois 个月,year año année 年,liter litro 升 л,milliliter mililitro 毫升 мл"
              + ",dollar dólar dólares 美元,euro 欧元,¥YUAN 元,degree grado degré 度")
          .split(",");

  /** Units that may have a prefix, each with its sign and the letter of its sizes. */
  private static final String[] METRIC =
      ("joule J j,watt W w,newton N n,volt V u,ampere A a,ohm ohm o,pascal Pa p,hertz Hz h,calorie cal c,electronvolt eV q"
              + ",coulomb C b,farad F z,tesla T r,kelvin K y,mole mol x")
          .split(",");

  /** Prefixes with their signs and sizes. */
  private static final String[][] PREFIXES = {
    {"nano", "n", "10^{-6}"},
    {"micro", "μ", "10^{-3}"},
    {"milli", "m", "1"},
    {"", "", "1000"},
    {"kilo", "k", "1000000"},
    {"mega", "M", "1000000000"},
    {"giga", "G", "1000000000000"}
  };

  /** Signs that are products of variables, as in {@code 2 nm}, unless in upright type. */
  private static final Pattern UPRIGHT = Pattern.compile("n[A-Za-z]|um|ms|[kMGm]?[CFTK]");

  /** Signs right after a number that are no products of variables. */
  private static final Pattern GLUED = Pattern.compile("k[JVW]|[kMG]?Hz|[kM](?:Pa|eV)");

  private static final Map<String, String> NAMES = new HashMap<>();

  /** Units by signs in lower case, for khz and KHz; of milli and mega, m is mega. */
  private static final Map<String, String> IN_LOWER_CASE = new HashMap<>();

  /**
   * Units before their sizes: times in t, money in d, volumes in v, lengths in m and f, masses in
   * g.
   */
  private static final List<String> SIZES =
      new ArrayList<>(
          List.of(
              ("nanosecond 10^{-9}t microsecond 10^{-6}t millisecond 10^{-3}t"
                      + " second 1t minute 60t hour 3600t day 86400t week 604800t cent 1d dollar 100d milliliter 1v liter 1000v"
                      + " nanometer 10^{-6}m micrometer 10^{-3}m"
                      + " millimeter 1m centimeter 10m decimeter 100m meter 1000m kilometer 1000000m"
                      + " inch 1f foot 12f yard 36f mile 63360f milligram 1g gram 1000g kilogram 1000000g")
                  .split(" ")));

  static {
    for (String[] languages : List.of(SPELLINGS, TRANSLATIONS)) {
      for (String spellings : languages) {
        String[] words = spellings.split(" ");
        name(words[0], words);
      }
    }
    for (String metric : METRIC) {
      String[] unit = metric.split(" ");
      for (String[] prefix : PREFIXES) {
        String name = prefix[0] + unit[0];
        name(name, name, prefix[1] + unit[1]);
        IN_LOWER_CASE.put((prefix[1] + unit[1]).toLowerCase(Locale.ROOT), name);
        SIZES.addAll(List.of(name, prefix[2] + unit[2]));
      }
    }
  }

  private static void name(String unit, String... words) {
    for (String word : words) {
      NAMES.put(word, unit);
      NAMES.putIfAbsent(word.length() > 2 ? word + "s" : word, unit);
    }
  }

  /** The end of a unit before the number of the next one. */
  private static final String NEXT =
      "(?<=[a-zA-Z}])(?<!\\\\times|\\\\cdot)(?:\\\\[,; ]|[~,.\\s])*(?=[0-9])";

  /** The unit of an answer that is a number and a unit, or gives these to a name. */
  static Optional<AnswerUnit> afterNumber(String latex) {
    Matcher unit = WITH_UNIT.matcher(latex);
    if (!unit.matches()) {
      return Optional.empty();
    }
    // The space after π ends its command, so that the h of 2\pi h may be a factor, as in P = 4 s.
    boolean named = unit.group(2) != null;
    boolean glued = unit.group(4).isEmpty() || named || unit.group(3) != null;
    // The weight of three bodies is F = 3mg.
    boolean weight = named && unit.group(4).isEmpty() && unit.group(5).equals("mg");
    return isUnit(unit.group(5), glued) && !weight && !NO_UNIT.matcher(unit.group(5)).find()
        ? Optional.of(new AnswerUnit(unit.group(1), unit.group(5)))
        : Optional.empty();
  }

  /** The text after an answer's last digit, brace or bracket, if it is a unit. */
  static Optional<AnswerUnit> atEnd(String latex) {
    Matcher unit = FINAL_UNIT.matcher(latex);
    return unit.matches() && !NO_UNIT.matcher(unit.group(2)).find()
        ? Optional.of(new AnswerUnit(unit.group(1), unit.group(2)))
        : Optional.empty();
  }

  private static boolean isUnit(String rest, boolean glued) {
    if (UNIT_TEXT.matcher(rest).matches() || rest.matches("\\p{IsHan}++")) {
      return true;
    }
    String plain =
        Spaces.strip(
            rest.replaceAll("\\\\(?:text|mathrm)\\{([^{}]*)\\}", "$1")
                .replaceAll("\\^\\{?-?[0-9]\\}?", ""));
    // 2s is a product, 2 N may be a force, and 2 n is none.
    if (!UNIT_WORDS.matcher(plain).matches() || glued && plain.length() == 1) {
      return false;
    }
    for (String word : plain.split("[ /·.]+")) {
      String name = word.length() > 1 ? word.toLowerCase(Locale.ROOT) : word;
      // MN may be a segment, and 2mA a product.
      boolean sign =
          NAMES.containsKey(word)
              && (glued ? GLUED.matcher(word).matches() : !word.matches("[A-Z]{2}"));
      boolean product = UPRIGHT.matcher(word).matches();
      boolean known = !product && (sign || UNITS.contains(name) || NAMES.containsKey(name));
      if (!known && (glued || !THINGS.matcher(word).matches())) {
        return false;
      }
    }
    return true;
  }

  /**
   * The unit of an answer in one spelling: {@code 15\text{ sq. cm}} and {@code 15\,cm^2} are in
   * {@code centimeter^2}. The answer is as written, before currency signs are removed.
   */
  static Optional<String> canonical(String latex) {
    Matcher sign = CURRENCY_SIGN.matcher(latex);
    if (sign.matches()) {
      String written = sign.group(sign.group(1) != null ? 1 : 2);
      String plain = written.replaceAll("\\\\text|[\\\\.{}\\s]", "");
      return Optional.of(NAMES.get(plain.toLowerCase(Locale.ROOT)));
    }
    if (latex.matches("(?s).*[0-9}]\\s*\\\\?%")) {
      return Optional.of("percent");
    }
    if (latex.matches("(?s).*[0-9})]\\s*\\^\\s*\\{?\\s*\\\\circ\\s*\\}?")) {
      return Optional.of("degree");
    }
    return afterNumber(latex)
        .or(() -> atEnd(latex))
        .map(found -> spelled(found.unit()))
        .filter(unit -> !unit.isEmpty());
  }

  /** Whether the words after an amount are a common unit or power of ten: {@code $12$ cm}. */
  static boolean isCommon(String amount, String words) {
    String unit = POWERS_OF_TEN.matcher(words).replaceFirst("");
    return unit.isEmpty() || !amount.contains("$") && isUnitOf(amount, unit);
  }

  private static boolean isUnitOf(String amount, String words) {
    return canonical(SoundLatex.of(amount + "\\text{ " + words + "}"))
        .filter(
            unit ->
                Stream.of(unit.split("/"))
                    .map(factor -> factor.replaceAll("\\^.*", ""))
                    .allMatch(AnswerUnit::isKnown))
        .isPresent();
  }

  private static boolean isKnown(String unit) {
    return NAMES.containsValue(unit)
        || NAMES.values().stream().anyMatch(name -> unit.equals(shared(name)));
  }

  /** Whether two units of {@link #canonical} can be the same: a pound is £ or lb, ¥ yen or yuan. */
  static boolean agree(String unit, String other) {
    return unit.equals(other)
        || unit.equals(shared(other))
        || other.equals(shared(unit))
        // The degrees of an angle may be those of a temperature.
        || unit.equals("degree") && other.matches(".*(?:circ|degree).*")
        || other.equals("degree") && unit.matches(".*(?:circ|degree).*");
  }

  /** Whether both have units, which are not the same. */
  static boolean differ(String gold, String answer) {
    Optional<String> unit = canonical(SoundLatex.of(gold));
    Optional<String> other = canonical(SoundLatex.of(answer));
    return unit.isPresent() && other.isPresent() && !agree(unit.get(), other.get());
  }

  /** A term for 2 h 30 min or 20 m/s in the smallest units; a list for 3 cm, 5 cm. */
  static Optional<String> converted(String written) {
    String text =
        SoundLatex.of(written)
            .replaceFirst("^\\\\text\\{([^{}]*)\\}$", "$1")
            .replaceFirst("^\\\\?\\$\\s*(.*)", "$1\\\\text{ dollars}");
    String[] parts = text.replaceAll("(?<![a-z]),?\\s*and(?![a-z])", " ").split(NEXT);
    List<AnswerUnit> amounts = new ArrayList<>();
    for (String part : parts) {
      // 2h is a product, but not before 15min.
      String apart = parts.length > 1 ? part.replaceFirst("(?<=[0-9])(?=[a-zA-Z])", " ") : part;
      afterNumber(apart)
          .map(found -> new AnswerUnit(found.amount(), spelled(found.unit())))
          .ifPresent(amounts::add);
    }
    // Beside hours, m is a minute.
    boolean time = amounts.stream().anyMatch(part -> part.unit().matches("hour|second"));
    List<String> terms = new ArrayList<>();
    for (AnswerUnit part : amounts) {
      Optional<String> size = size(time && part.unit().equals("meter") ? "minute" : part.unit());
      if (size.isEmpty() || amounts.size() < parts.length) {
        return Optional.empty();
      }
      // 1,500 m and 2,5 m
      String amount = part.amount().replaceAll(",(?=[0-9]{3})", "");
      String number =
          amount.replaceFirst("^" + NAME, "").replaceAll("(?<=[0-9]),(?=[0-9]{1,2}$)", ".");
      terms.add("0+(%s)\\cdot %s".formatted(number, size.get()));
    }
    boolean sum = amounts.stream().map(AnswerUnit::unit).distinct().count() == terms.size();
    return amounts.isEmpty() ? Optional.empty() : Optional.of(String.join(sum ? "+" : ",", terms));
  }

  /** Whether two amounts have the same name, or one has none: {@code F = 20 N}. */
  static boolean haveOneName(String gold, String answer) {
    String name = nameOf(gold);
    return name.isEmpty() || nameOf(answer).isEmpty() || name.equals(nameOf(answer));
  }

  private static String nameOf(String written) {
    Matcher name = NAMED.matcher(SoundLatex.of(written));
    return name.lookingAt() ? name.group().replaceAll("[\\s{}]", "").toLowerCase(Locale.ROOT) : "";
  }

  /** The size of {@code kilometer/hour} or {@code centimeter^2} in the smallest units. */
  private static Optional<String> size(String unit) {
    List<String> factors = new ArrayList<>();
    for (String factor : unit.split("/")) {
      String[] power = factor.split("\\^", 2);
      int at = SIZES.indexOf(power[0]);
      if (at < 0) {
        return Optional.empty();
      }
      factors.add("(%s)^{%s}".formatted(SIZES.get(at + 1), power.length > 1 ? power[1] : "1"));
    }
    return Optional.of(String.join("/", factors));
  }

  private static String shared(String unit) {
    return unit.replaceAll("[A-Z]", "");
  }

  private static String spelled(String written) {
    String text = FRACTION.matcher(written).replaceAll("$1/$2");
    text = SPACE.matcher(COMMAND.matcher(text).replaceAll(" ")).replaceAll(" ");
    text =
        WORD.matcher(text)
            .replaceAll(
                m -> NAMES.containsKey(m.group()) ? m.group() : m.group().toLowerCase(Locale.ROOT))
            .strip();
    text = text.replaceAll("(^| )([a-zA-Z]+) ?\\^ ?-([0-9])", "/$2^$3").replace("^1", "");
    text = text.replaceAll("\\.$", "").replaceAll("\\s*(?:/|\\bper\\b)\\s*", "/");
    text = POWER_WORD.matcher(text).replaceAll(m -> m.group(2) + power(m.group(1)));
    text = METRES_SQUARED.matcher(text).replaceAll(m -> m.group(1) + power(m.group(2)));
    text = METRES_IN_HAN.matcher(text).replaceAll(m -> m.group(2) + power(m.group(1)));
    StringBuilder unit = new StringBuilder();
    for (String factor : text.split("(?<=/)|(?=/)| ")) {
      int power = factor.indexOf('^');
      String word = power < 0 ? factor : factor.substring(0, power);
      unit.append(NAMES.getOrDefault(word, IN_LOWER_CASE.getOrDefault(word, singular(word))));
      unit.append(power < 0 ? "" : factor.substring(power));
    }
    return unit.toString();
  }

  private static String power(String word) {
    return word.matches("cubic|cúbico|cube|立方") ? "^3" : "^2";
  }

  private static String singular(String word) {
    return word.length() > 3 && word.endsWith("s") ? word.substring(0, word.length() - 1) : word;
  }
}
