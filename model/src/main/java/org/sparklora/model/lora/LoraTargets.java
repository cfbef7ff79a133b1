package org.sparklora.model.lora;

import java.io.Serializable;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.regex.PatternSyntaxException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which linear layers get an adapter, by PEFT's rules: those that {@code target_modules} includes
 * and {@code exclude_modules} does not exclude.
 */
public record LoraTargets(Rule include, Rule exclude) implements Serializable {
  static final Logger LOG = LoggerFactory.getLogger(LoraTargets.class);

  /** All linear layers but the head; the runs of LoRA Without Regret also adapt {@value #HEAD}. */
  public static final String ALL_LINEAR = "all-linear";

  static final String HEAD = "lm_head";
  private static final String EMBEDDING = "embed_tokens";
  private static final Rule NOTHING = new Names(List.of());

  /**
   * Layers whose full name is in the list or ends with a dot and a name of the list. {@link
   * #ALL_LINEAR} may be one of the names, as in {@code all-linear lm_head}.
   */
  public static LoraTargets names(List<String> names) {
    return new LoraTargets(new Names(names), NOTHING);
  }

  /**
   * TRL's {@code lora_target_modules}: a single value is {@code all-linear} or an expression,
   * several values are names.
   */
  public static LoraTargets ofFlag(List<String> values) {
    if (values.isEmpty()) {
      throw new IllegalArgumentException(
          "Cannot use an empty lora_target_modules: name at least one linear layer, or write all-linear");
    }
    return values.size() > 1 || Names.isAllLinear(values.get(0))
        ? names(values)
        : new LoraTargets(new Expression(values.get(0)), NOTHING);
  }

  /**
   * The targeted layers among a model's linear layers, in the order of {@code linears}.
   *
   * @throws IllegalArgumentException if no layer is targeted
   */
  public List<String> select(List<String> linears) {
    if (include instanceof Names named) {
      named.warnOfUnmatched(linears);
    }
    if (include.matches("model." + EMBEDDING) && !exclude.matches("model." + EMBEDDING)) {
      throw new IllegalArgumentException(
          "Cannot train LoRA on model.embed_tokens, which %s targets: only linear layers can carry an adapter; exclude it"
              .formatted(include));
    }
    List<String> selected =
        linears.stream().filter(name -> include.matches(name) && !exclude.matches(name)).toList();
    if (selected.isEmpty()) { // shows layers.N.self_attn.q_proj once for all N
      List<String> shown =
          linears.stream().map(name -> name.replaceAll("\\.\\d+\\.", ".N.")).distinct().toList();
      throw new IllegalArgumentException(
          "Cannot find a linear layer for target_modules %s (exclude_modules %s): this model has %s; name some of them, or write all-linear"
              .formatted(include, exclude, shown));
    }
    return selected;
  }

  /** A way to choose layers by name. */
  public sealed interface Rule extends Serializable permits Names, Expression {
    /** Whether the layer with this full name is chosen. */
    boolean matches(String module);
  }

  /**
   * Selects layers by name or by the end of their name, all of them or those of some blocks; a full
   * name selects its layer in any block.
   *
   * @param indexes the blocks, {@code layers_to_transform}; empty for all
   * @param patterns expressions for the name before it, {@code layers_pattern}; empty for any
   */
  public record Names(List<String> names, List<Integer> indexes, List<String> patterns)
      implements Rule {
    public Names {
      names = List.copyOf(names);
      indexes = List.copyOf(indexes);
      patterns = List.copyOf(patterns);
      patterns.forEach(Names::compile);
    }

    public Names(List<String> names) {
      this(names, List.of(), List.of());
    }

    @Override
    public boolean matches(String module) {
      return names.contains(module)
          || names.stream().anyMatch(name -> matches(name, module)) && isInBlock(module);
    }

    private static boolean matches(String name, String module) {
      return isAllLinear(name)
          ? !module.equals(HEAD) && !module.endsWith(EMBEDDING)
          : module.equals(name) || module.endsWith("." + name);
    }

    private static boolean isAllLinear(String name) {
      return name.equalsIgnoreCase(ALL_LINEAR);
    }

    private boolean isInBlock(String module) {
      List<String> places = patterns.isEmpty() ? List.of("[^.]*") : patterns;
      return indexes.isEmpty()
          || places.stream()
              .map(pattern -> compile(pattern).matcher(module))
              .filter(Matcher::lookingAt)
              .findFirst()
              .map(matcher -> indexes.contains(Integer.valueOf(matcher.group("index"))))
              .orElse(false);
    }

    private static Pattern compile(String pattern) {
      return Expression.compile(
          "layers_pattern", "(?:^|.*?\\.)" + pattern + "\\.(?<index>\\d+)\\.");
    }

    /** Warns of names without a layer; PEFT ignores them silently, since models share lists. */
    private void warnOfUnmatched(List<String> linears) {
      for (String name : names) {
        if (linears.stream().noneMatch(linear -> matches(name, linear))
            && !name.equals(EMBEDDING)) {
          LOG.warn(
              "No linear layer of this model is called {}; target_modules has {}", name, names);
        }
      }
    }

    @Override
    public String toString() {
      return names + (indexes.isEmpty() ? "" : " with layers_to_transform " + indexes);
    }
  }

  /** Selects layers whose whole name matches a regular expression in Python's syntax. */
  public record Expression(String expression) implements Rule {
    public Expression {
      compile("target_modules", expression);
    }

    @Override
    public boolean matches(String module) {
      return compile("target_modules", expression).matcher(module).matches();
    }

    static Pattern compile(String key, String expression) {
      try {
        // Python allows underscores in names of groups, Java does not; other syntax agrees
        return Pattern.compile(expression.replaceAll("\\(\\?P<\\w+>", "("));
      } catch (PatternSyntaxException e) {
        throw new IllegalArgumentException(
            "Cannot use %s %s: not a regular expression (%s); correct it, or give a list of names"
                .formatted(key, expression, e.getDescription()),
            e);
      }
    }

    @Override
    public String toString() {
      return "'" + expression + "'";
    }
  }
}
