package org.sparklora.pipeline.config;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * The learning-rate schedule, equal to transformers' {@code get_*_schedule} functions.
 *
 * @param type {@code lr_scheduler_type}
 * @param warmup steps of warm-up; below 1 it is a share of all steps ({@code warmup_steps}, {@code
 *     warmup_ratio})
 * @param options {@code lr_scheduler_kwargs}; {@code min_lr} and {@code lr_end} are relative to the
 *     peak learning rate
 */
public record ScheduleConfig(Type type, double warmup, Map<String, Serializable> options)
    implements Serializable {
  private static final String CYCLES = "num_cycles";
  private static final String LOWEST = "min_lr";
  private static final String LOWEST_RATE = "min_lr_rate";
  private static final String FIRST_RATE = "warmup_lr_rate";
  private static final String END = "lr_end";
  private static final String POWER = "power";
  private static final String TIMESCALE = "timescale";
  private static final String DECAY_STEPS = "num_decay_steps";
  private static final String STABLE_STEPS = "num_stable_steps";
  private static final String LOWEST_RATIO = "min_lr_ratio";
  private static final String WARMUP_CURVE = "warmup_type";
  private static final String DECAY_CURVE = "decay_type";
  private static final List<String> CURVES = List.of("linear", "cosine", "1-sqrt");

  private static final double HALF_A_WAVE = 0.5;
  private static final double USUAL_END = 1e-7;
  private static final double USUAL_TIMESCALE = 10_000;

  /** The schedules that are implemented, with the names of their options. */
  public enum Type {
    LINEAR,
    COSINE(CYCLES),
    COSINE_WITH_RESTARTS(CYCLES),
    COSINE_WITH_MIN_LR(CYCLES, LOWEST, LOWEST_RATE),
    COSINE_WARMUP_WITH_MIN_LR(CYCLES, LOWEST, LOWEST_RATE, FIRST_RATE),
    POLYNOMIAL(END, POWER),
    INVERSE_SQRT(TIMESCALE),
    WARMUP_STABLE_DECAY(DECAY_STEPS, STABLE_STEPS, WARMUP_CURVE, DECAY_CURVE, LOWEST_RATIO, CYCLES),
    CONSTANT,
    CONSTANT_WITH_WARMUP;

    private final List<String> options;

    Type(String... options) {
      this.options = List.of(options);
    }

    /** The name in flags and YAML: {@code constant_with_warmup}. */
    public String flag() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public ScheduleConfig(Type type, double warmup) {
    this(type, warmup, Map.of());
  }

  /**
   * A schedule with options.
   *
   * @param kwargs the options by name
   * @throws ConfigException if an option is not the type's, has no meaning, or is missing
   */
  public static ScheduleConfig of(
      Type type, double warmup, Map<String, Object> kwargs, double peak) {
    Map<String, Serializable> options = new HashMap<>();
    kwargs.forEach((name, value) -> options.put(name, checked(type, name, value)));
    if (type.options.contains(LOWEST)) {
      require(
          options.containsKey(LOWEST) != options.containsKey(LOWEST_RATE),
          kwargs,
          "%s needs either %s or %s".formatted(type.flag(), LOWEST, LOWEST_RATE));
      options.computeIfPresent(LOWEST, (name, rate) -> (Double) rate / peak);
      options.putIfAbsent(LOWEST_RATE, options.getOrDefault(LOWEST, 0.0));
      require(
          (Double) options.get(LOWEST_RATE) <= 1,
          kwargs,
          "the lowest rate may not be above the %s of %s".formatted(Flags.LEARNING_RATE, peak));
    }
    if (type == Type.POLYNOMIAL) {
      options.merge(END, USUAL_END / peak, (given, usual) -> (Double) given / peak);
      require(
          (Double) options.get(END) < 1,
          kwargs,
          "%s must be below the %s of %s".formatted(END, Flags.LEARNING_RATE, peak));
    }
    require(
        type != Type.WARMUP_STABLE_DECAY || options.containsKey(DECAY_STEPS),
        kwargs,
        "%s needs %s".formatted(type.flag(), DECAY_STEPS));
    return new ScheduleConfig(type, warmup, Map.copyOf(options));
  }

  private static Serializable checked(Type type, String name, Object value) {
    require(
        type.options.contains(name),
        name,
        type.options.isEmpty()
            ? "%s = %s has no settings".formatted(Flags.LR_SCHEDULER_TYPE, type.flag())
            : "%s = %s has the settings %s"
                .formatted(Flags.LR_SCHEDULER_TYPE, type.flag(), String.join(", ", type.options)));
    String given = name + ": " + value;
    if (name.equals(WARMUP_CURVE) || name.equals(DECAY_CURVE)) {
      require(CURVES.contains(value), given, "one of %s is expected".formatted(CURVES));
      return (String) value;
    }
    double read = value instanceof Number one ? one.doubleValue() : Double.NaN;
    double number = Double.isFinite(read) ? read : Double.NaN; // 1e999 of JSON is infinite
    if (name.endsWith("_steps")) {
      require(value instanceof Integer && number >= 0, given, "a number of steps is expected");
    } else if (name.endsWith("_rate") || name.equals(LOWEST_RATIO)) {
      require(number >= 0 && number <= 1, given, "a number from 0 to 1 is expected");
    } else if (name.equals(TIMESCALE)) {
      require(number > 0, given, "a number above 0 is expected");
    } else {
      require(number >= 0, given, "a number of at least 0 is expected");
    }
    return number;
  }

  private static void require(boolean holds, Object value, String remedy) {
    ConfigException.require(holds, Flags.LR_SCHEDULER_KWARGS, value, remedy);
  }

  private double option(String name, double usual) {
    return (Double) options.getOrDefault(name, usual);
  }

  /**
   * Whole warm-up steps of a run of {@code totalSteps}: {@code ceil(ratio · total)} for a share.
   */
  public int warmupSteps(int totalSteps) {
    return (int) (warmup >= 1 ? warmup : Math.ceil(totalSteps * warmup));
  }

  /** The factor of the peak learning rate for the update after {@code step} updates. */
  public double factor(int step, int totalSteps) {
    int warmupSteps = type == Type.CONSTANT ? 0 : warmupSteps(totalSteps);
    if (step < warmupSteps) {
      return warmingUp(step, warmupSteps);
    }
    int after = step - warmupSteps;
    double decaySteps = Math.max(1, totalSteps - warmupSteps);
    return switch (type) {
      case CONSTANT, CONSTANT_WITH_WARMUP -> 1;
      case LINEAR -> Math.max(0, (totalSteps - step) / decaySteps);
      case COSINE -> wave(after / decaySteps, 0);
      case COSINE_WITH_MIN_LR -> wave(after / decaySteps, option(LOWEST_RATE, 0));
      case COSINE_WARMUP_WITH_MIN_LR -> wave((after + 1) / decaySteps, option(LOWEST_RATE, 0));
      case COSINE_WITH_RESTARTS -> {
        double progress = after / decaySteps;
        double ofCycle = option(CYCLES, 1) * progress % 1;
        yield progress >= 1 ? 0 : 0.5 * (1 + Math.cos(Math.PI * ofCycle));
      }
      case POLYNOMIAL -> {
        double end = option(END, USUAL_END);
        double left = Math.max(0, 1 - after / decaySteps);
        yield (1 - end) * Math.pow(left, option(POWER, 1)) + end;
      }
      case INVERSE_SQRT -> {
        double timescale = option(TIMESCALE, warmupSteps == 0 ? USUAL_TIMESCALE : warmupSteps);
        yield 1 / Math.sqrt((after + timescale) / timescale);
      }
      case WARMUP_STABLE_DECAY -> {
        double length = option(DECAY_STEPS, 0);
        double decayed = after - option(STABLE_STEPS, totalSteps - warmupSteps - length);
        if (decayed < 0) {
          yield 1;
        }
        double lowest = option(LOWEST_RATIO, 0);
        yield decayed >= length ? lowest : floored(falling(decayed / length), lowest);
      }
    };
  }

  private double warmingUp(int step, int warmupSteps) {
    double progress = (double) step / warmupSteps;
    return switch (type) {
      case COSINE_WARMUP_WITH_MIN_LR -> {
        double first = option(FIRST_RATE, 0);
        yield options.containsKey(FIRST_RATE)
            ? first + (1 - first) * step / Math.max(1, warmupSteps - 1)
            : (step + 1.0) / warmupSteps;
      }
      case WARMUP_STABLE_DECAY -> floored(rising(progress), option(LOWEST_RATIO, 0));
      default -> progress;
    };
  }

  private double rising(double progress) {
    return switch ((String) options.getOrDefault(WARMUP_CURVE, "linear")) {
      case "cosine" -> 0.5 * (1 - Math.cos(Math.PI * progress));
      case "1-sqrt" -> 1 - Math.sqrt(1 - progress);
      default -> progress;
    };
  }

  private double falling(double progress) {
    return switch ((String) options.getOrDefault(DECAY_CURVE, "cosine")) {
      case "linear" -> 1 - progress;
      case "1-sqrt" -> 1 - Math.sqrt(progress);
      default -> wave(progress, 0);
    };
  }

  private double wave(double progress, double lowest) {
    double cycles = option(CYCLES, HALF_A_WAVE);
    return floored(0.5 * (1 + Math.cos(Math.PI * cycles * 2 * progress)), lowest);
  }

  private static double floored(double factor, double lowest) {
    return Math.max(0, factor * (1 - lowest) + lowest);
  }
}
