package org.sparklora.text.jinja;

import java.util.List;
import java.util.Optional;

/** What is executed. Every node knows its line, for errors. */
sealed interface Statement {
  int line();

  record Data(String text, int line) implements Statement {}

  record Output(Expression expression, int line) implements Statement {}

  record If(
      List<Expression> conditions,
      List<List<Statement>> branches,
      List<Statement> otherwise,
      int line)
      implements Statement {}

  record For(
      Target target,
      Expression iterable,
      Optional<Expression> filter,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise,
      int line)
      implements Statement {}

  record Assign(Target target, Expression value, int line) implements Statement {}

  /** {@code {% set x | filter %}…{% endset %}}: the rendered body becomes the value. */
  record AssignBlock(Target target, List<Expression.Filter> filters, List<Statement> body, int line)
      implements Statement {}

  record Macro(String name, Parameters parameters, List<Statement> body, int line)
      implements Statement {}

  record CallBlock(Parameters parameters, Expression.Call call, List<Statement> body, int line)
      implements Statement {}

  record FilterBlock(List<Expression.Filter> filters, List<Statement> body, int line)
      implements Statement {}

  record With(List<Target> targets, List<Expression> values, List<Statement> body, int line)
      implements Statement {}

  /** {@code {% generation %}}: what the assistant says. */
  record Generation(List<Statement> body, int line) implements Statement {}

  record Break(int line) implements Statement {}

  record Continue(int line) implements Statement {}

  /** The parameters of a macro; the last {@code defaults.size()} have defaults. */
  record Parameters(List<String> names, List<Expression> defaults) {}

  /** What is assigned to. */
  sealed interface Target {
    record Variable(String name) implements Target {}

    record NamespaceField(String namespace, String field) implements Target {}

    record Unpacked(List<Target> parts) implements Target {}
  }
}
