package org.sparklora.text.jinja;

import java.util.List;
import java.util.function.Consumer;

/** A part of a template that is executed. */
@FunctionalInterface
interface Statement {

  /** How a loop goes on. */
  enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  Flow run(Scope scope);

  /** Does something, charged to the budget, whose errors have a line. */
  static Statement doing(int line, Consumer<Scope> action) {
    return at(
        line,
        scope -> {
          action.accept(scope);
          return Flow.ON;
        });
  }

  /** The same, charged to the budget, whose errors have a line. */
  static Statement at(int line, Statement statement) {
    return scope -> {
      try {
        scope.budget().step();
        return statement.run(scope);
      } catch (JinjaException e) {
        throw e.at(line);
      }
    };
  }

  /** One after the other, unless a loop is left. */
  static Statement sequence(List<Statement> statements) {
    return scope -> {
      for (Statement statement : statements) {
        Flow flow = statement.run(scope);
        if (flow != Flow.ON) {
          return flow;
        }
      }
      return Flow.ON;
    };
  }

  /** What is assigned to. */
  interface Target {
    void assign(Object value, Scope scope);
  }
}
