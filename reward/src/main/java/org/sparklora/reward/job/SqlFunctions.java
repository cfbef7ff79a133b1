package org.sparklora.reward.job;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.analysis.FunctionRegistry;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.expressions.UserDefinedFunction;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.BooleanType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.NullType;
import org.apache.spark.sql.types.NumericType;
import org.apache.spark.sql.types.StringType;
import org.sparklora.reward.GroupAdvantage;
import org.sparklora.reward.GroupAdvantage.Scaling;
import org.sparklora.reward.Judgement;
import org.sparklora.reward.math.MathReward;
import org.sparklora.reward.math.MathReward.Dialect;

/**
 * Functions for Spark SQL.
 *
 * <pre>
 * math_verify(completion, solution)  1 or 0; null where the solution cannot be parsed or one is null
 * group_advantage(reward, rewards)   how much better a reward is than its group, as in GRPO; 0 where the
 *                                    reward is null
 * group_advantages(rewards)          this advantage for all rewards of a group, an array of the same length
 * </pre>
 *
 * <p>A group comes from a window, {@code group_advantage(reward, collect_list(reward) OVER
 * (PARTITION BY prompt_id))}, or from {@code GROUP BY}: {@code
 * group_advantages(collect_list(reward))}. Numbers of any type are taken, and truth values as 1 and
 * 0. Stateless and thread-safe.
 */
public final class SqlFunctions {
  /** Name of the function that gives an advantage. */
  public static final String GROUP_ADVANTAGE = "group_advantage";

  private static final String GROUP_ADVANTAGES = "group_advantages";
  private static final String MATH_VERIFY = "math_verify";

  private static final String WINDOWS =
      "; for group_advantage(reward) OVER (PARTITION BY …) open the session with spark.sql.extensions=org.sparklora.api.SqlExtensions";

  private SqlFunctions() {}

  /** A function of SQL: an expression of its arguments' expressions. */
  @FunctionalInterface
  public interface Builder {
    /** The call with these arguments. */
    Column call(List<Column> arguments);

    /** The call with Spark's expressions, for its registries. */
    default Expression build(scala.collection.Seq<Expression> arguments) {
      List<Expression> given = scala.collection.JavaConverters.seqAsJavaList(arguments);
      return call(given.stream().map(Column::new).toList()).expr();
    }
  }

  /** An argument's types, and the type to which it is cast. */
  private record Argument(String takes, Predicate<DataType> types, String cast) {
    static final Argument TEXT = new Argument("texts", SqlFunctions::isText, "string");
    static final Argument NUMBER = new Argument("a number first", SqlFunctions::isNumber, "double");
    static final Argument NUMBERS =
        new Argument("an array of numbers", SqlFunctions::areNumbers, "array<double>");

    /** Refuses a wrong type, since Spark's cast of it would make every value null. */
    Column of(String name, Column argument) {
      Expression given = argument.expr();
      if (given.resolved() && !types.test(given.dataType())) {
        throw new IllegalArgumentException(
            "Cannot call %s with %s of type %s: it takes %s"
                .formatted(name, given.sql(), given.dataType().simpleString(), takes));
      }
      return argument.cast(cast);
    }
  }

  /** All functions, by name. */
  public static Map<String, Builder> all(Dialect dialect) {
    Map<String, Builder> functions = new TreeMap<>();
    Argument[] texts = {Argument.TEXT, Argument.TEXT};
    put(functions, MATH_VERIFY, "completion, solution", mathVerify(dialect), texts);
    Argument[] one = {Argument.NUMBER, Argument.NUMBERS};
    put(functions, GROUP_ADVANTAGE, "reward, rewards of its group", groupAdvantage(), one);
    put(functions, GROUP_ADVANTAGES, "rewards of a group", groupAdvantages(), Argument.NUMBERS);
    return functions;
  }

  private static void put(
      Map<String, Builder> functions,
      String name,
      String takes,
      UserDefinedFunction function,
      Argument... arguments) {
    functions.put(
        name,
        given -> {
          if (given.size() != arguments.length) {
            String more = name.equals(GROUP_ADVANTAGE) ? WINDOWS : "";
            throw new IllegalArgumentException(
                "Cannot call %s with %s arguments: it is %s(%s)%s"
                    .formatted(name, given.size(), name, takes, more));
          }
          return function.apply(
              IntStream.range(0, arguments.length)
                  .mapToObj(i -> arguments[i].of(name, given.get(i)))
                  .toArray(Column[]::new));
        });
  }

  private static boolean isText(DataType type) {
    return type instanceof StringType || type instanceof NumericType || type instanceof NullType;
  }

  private static boolean isNumber(DataType type) {
    return type instanceof NumericType || type instanceof BooleanType || type instanceof NullType;
  }

  private static boolean areNumbers(DataType type) {
    return type instanceof NullType
        || type instanceof ArrayType array && isNumber(array.elementType());
  }

  /** Registers all functions in a session, but keeps the richer advantages of an extension. */
  public static void register(SparkSession spark, Dialect dialect) {
    FunctionRegistry registry = spark.sessionState().functionRegistry();
    all(dialect)
        .forEach(
            (name, builder) -> {
              if (name.equals(MATH_VERIFY)
                  || !registry.functionExists(new FunctionIdentifier(name))) {
                registry.createOrReplaceTempFunction(name, builder::build, "java_udf");
              }
            });
  }

  /** Registers for other languages; the dialect is {@code math_verify} or {@code sound}. */
  public static void register(SparkSession spark, String dialect) {
    register(spark, Dialect.valueOf(dialect.toUpperCase(Locale.ROOT)));
  }

  /** The verdict on a completion. */
  public static UserDefinedFunction mathVerify(Dialect dialect) {
    MathReward reward = MathReward.of(dialect);
    UDF2<String, String, Double> verify =
        (completion, solution) -> {
          if (completion == null || solution == null) {
            return null;
          }
          Judgement judgement = reward.judge(completion, solution);
          return judgement.isJudged() ? judgement.reward() : null;
        };
    return functions.udf(verify, DataTypes.DoubleType).withName(MATH_VERIFY);
  }

  /** The advantage of a reward among those of its group, which must hold the reward. */
  public static UserDefinedFunction groupAdvantage() {
    // Spark passes arrays as Scala's, even to functions in Java
    UDF2<Double, scala.collection.Seq<Double>, Double> advantage =
        (reward, group) -> {
          if (group == null) {
            return null;
          }
          double[] rewards = rewards(group);
          return reward == null || reward.isNaN()
              ? 0
              : GroupAdvantage.of(rewards, Scaling.GROUP)[place(reward, rewards)];
        };
    return functions.udf(advantage, DataTypes.DoubleType).withName(GROUP_ADVANTAGE);
  }

  /** The place of a reward in its group; either may have been a float, with fewer digits. */
  private static int place(double reward, double[] group) {
    IntPredicate same = i -> group[i] == reward;
    IntPredicate sameFloat = i -> (float) reward == group[i] || reward == (float) group[i];
    return Stream.of(same, sameFloat)
        .flatMapToInt(equal -> IntStream.range(0, group.length).filter(equal))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Cannot compare reward %s with the rewards %s: it is none of them; give %s the rewards of the row's own group as its second argument"
                        .formatted(reward, Arrays.toString(group), GROUP_ADVANTAGE)));
  }

  /** The advantages of all rewards of a group. */
  public static UserDefinedFunction groupAdvantages() {
    UDF1<scala.collection.Seq<Double>, double[]> advantages =
        group -> group == null ? null : GroupAdvantage.of(rewards(group), Scaling.GROUP);
    return functions
        .udf(advantages, DataTypes.createArrayType(DataTypes.DoubleType, false))
        .withName(GROUP_ADVANTAGES);
  }

  private static double[] rewards(scala.collection.Seq<Double> group) {
    return scala.collection.JavaConverters.seqAsJavaList(group).stream()
        .mapToDouble(one -> one == null ? Double.NaN : one)
        .toArray();
  }
}
