package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BiConsumer;
import org.sparklora.text.jinja.Statement.Target;

/** Executes the statements of one rendering. */
final class Renderer {

  private enum Flow {
    ON,
    BREAK,
    CONTINUE
  }

  private final Budget budget;
  private final Limits limits;
  private final Evaluator evaluator;
  private final List<Rendering.Span> generated = new ArrayList<>();
  private final StringBuilder output = new StringBuilder();
  private StringBuilder out = output; // another one inside a macro or set block

  Renderer(Limits limits) {
    this.limits = limits;
    this.budget = new Budget(limits);
    this.evaluator = new Evaluator(budget);
  }

  Rendering render(List<Statement> template, Scope scope) {
    run(template, scope);
    return new Rendering(out.toString(), List.copyOf(generated));
  }

  private Flow run(List<Statement> statements, Scope scope) {
    for (Statement statement : statements) {
      Flow flow;
      try {
        budget.step();
        flow = run(statement, scope);
      } catch (JinjaException e) {
        throw e.at(statement.line());
      }
      if (flow != Flow.ON) {
        return flow;
      }
    }
    return Flow.ON;
  }

  private Flow run(Statement statement, Scope scope) {
    if (statement instanceof Statement.Data data) {
      write(data.text());
    } else if (statement instanceof Statement.Output output) {
      write(Values.text(evaluator.evaluate(output.expression(), scope)));
    } else if (statement instanceof Statement.If branch) {
      return run(taken(branch, scope), scope);
    } else if (statement instanceof Statement.For loop) {
      loop(loop, evaluator.evaluate(loop.iterable(), scope), scope, 0);
    } else if (statement instanceof Statement.Assign assign) {
      assign(assign.target(), evaluator.evaluate(assign.value(), scope), scope);
    } else if (statement instanceof Statement.AssignBlock block) {
      assign(block.target(), filtered(block.filters(), block.body(), scope), scope);
    } else if (statement instanceof Statement.Macro macro) {
      scope.set(macro.name(), macro(macro.parameters(), macro.body(), scope));
    } else if (statement instanceof Statement.CallBlock block) {
      Scope inner = scope.inner();
      Arguments arguments = evaluator.arguments(block.call().arguments(), scope);
      Object target = evaluator.evaluate(block.call().target(), scope);
      inner.set("caller", macro(block.parameters(), block.body(), scope));
      write(callWithCaller(target, arguments, inner));
    } else if (statement instanceof Statement.FilterBlock block) {
      write(Values.text(filtered(block.filters(), block.body(), scope)));
    } else if (statement instanceof Statement.With with) {
      Scope inner = scope.inner();
      for (int i = 0; i < with.targets().size(); i++) {
        assign(with.targets().get(i), evaluator.evaluate(with.values().get(i), scope), inner);
      }
      return run(with.body(), inner);
    } else if (statement instanceof Statement.Generation generation) {
      // As in transformers: what a macro or another block holds back does not count for the start.
      int start = output.length();
      String text = captured(() -> run(generation.body(), scope.inner()));
      generated.add(new Rendering.Span(start, start + text.length()));
      write(text);
    } else {
      return statement instanceof Statement.Break ? Flow.BREAK : Flow.CONTINUE;
    }
    return Flow.ON;
  }

  private void write(String text) {
    if ((long) out.length() + text.length() > limits.characters()) {
      throw new JinjaException("The template writes more than %,d characters", limits.characters());
    }
    budget.allocate(text.length());
    out.append(text);
  }

  private List<Statement> taken(Statement.If branch, Scope scope) {
    for (int i = 0; i < branch.conditions().size(); i++) {
      if (Values.isTrue(evaluator.evaluate(branch.conditions().get(i), scope))) {
        return branch.branches().get(i);
      }
    }
    return branch.otherwise();
  }

  private void loop(Statement.For loop, Object iterable, Scope scope, int depth) {
    List<Object> items = Values.iterate(iterable, budget);
    loop.filter()
        .ifPresent(
            filter ->
                items.removeIf(
                    item -> {
                      Scope inner = scope.inner();
                      assign(loop.target(), item, inner);
                      return !Values.isTrue(evaluator.evaluate(filter, inner));
                    }));
    Loop variable = new Loop(items, depth, recursion(loop, scope, depth));
    budget.descend();
    boolean completed = false; // Jinja2's else also follows a loop whose every turn was cut short
    for (int i = 0; i < items.size(); i++) {
      budget.step();
      variable.moveTo(i);
      Scope inner = scope.inner();
      inner.set("loop", variable);
      assign(loop.target(), items.get(i), inner);
      Flow flow = run(loop.body(), inner);
      completed |= flow == Flow.ON;
      if (flow == Flow.BREAK) {
        break;
      }
    }
    if (!completed) {
      run(loop.otherwise(), scope.inner());
    }
    budget.ascend();
  }

  private Callable recursion(Statement.For loop, Scope scope, int depth) {
    if (!loop.recursive()) {
      return a -> {
        throw new JinjaException("The loop is not recursive");
      };
    }
    return a -> captured(() -> loop(loop, a.get(0, "iterable"), scope, depth + 1));
  }

  private void assign(Target target, Object value, Scope scope) {
    if (target instanceof Target.Variable variable) {
      scope.set(variable.name(), value);
    } else if (target instanceof Target.NamespaceField field) {
      if (!(scope.find(field.namespace()).orElse(None.NONE) instanceof Namespace namespace)) {
        throw new JinjaException(
            "Cannot assign to '%s.%s': only a namespace() can be assigned to",
            field.namespace(), field.field());
      }
      namespace.set(field.field(), value);
    } else if (target instanceof Target.Unpacked unpacked) {
      List<Object> items = Values.iterate(value, budget);
      if (items.size() != unpacked.parts().size()) {
        throw new JinjaException(
            "Cannot unpack %d values into %d names", items.size(), unpacked.parts().size());
      }
      for (int i = 0; i < items.size(); i++) {
        assign(unpacked.parts().get(i), items.get(i), scope);
      }
    }
  }

  private Object filtered(List<Expression.Filter> filters, List<Statement> body, Scope scope) {
    Object value = captured(() -> run(body, scope.inner()));
    for (Expression.Filter filter : filters) {
      value = evaluator.filter(value, filter, scope);
    }
    return value;
  }

  /** What an action writes, kept out of the output. */
  private String captured(Runnable action) {
    StringBuilder outer = out;
    out = new StringBuilder();
    action.run();
    String text = out.toString();
    out = outer;
    return text;
  }

  private Callable macro(Statement.Parameters parameters, List<Statement> body, Scope definedIn) {
    return new Macro(
        parameters,
        definedIn,
        evaluator,
        (scope, write) -> {
          budget.descend();
          write.append(captured(() -> run(body, scope)));
          budget.ascend();
        });
  }

  private String callWithCaller(Object target, Arguments arguments, Scope inner) {
    if (!(target instanceof Macro macro)) {
      throw new JinjaException("A call block needs a macro");
    }
    return macro.call(arguments, inner.find("caller"));
  }

  /** Runs a macro's body in a scope and appends what it writes. */
  interface Body extends BiConsumer<Scope, StringBuilder> {}
}
