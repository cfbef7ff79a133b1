package org.sparklora.text.jinja;

import java.util.List;
import java.util.function.Consumer;
import org.sparklora.text.jinja.value.JinjaException;

/** A part of a template that is executed. */
@FunctionalInterface
interface Statement {

  /** How execution continues after a statement. */
  enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  Flow run(Scope scope);

  /** Runs an action as a statement: charges the budget and gives errors the line. */
  static Statement doing(int line, Consumer<Scope> action) {
    return at(
        line,
        scope -> {
          action.accept(scope);
          return Flow.ON;
        });
  }

  /** Wraps a statement: charges the budget and gives errors the line. */
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

  /** Runs statements in order until one breaks or continues a loop. */
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

  /** The target of an assignment. */
  interface Target {
    void assign(Object value, Scope scope);
  }
}
