package org.sparklora.text.jinja;

import java.util.List;
import java.util.Optional;
import org.sparklora.text.jinja.value.Arguments;
import org.sparklora.text.jinja.value.Callable;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.Undefined;

/** {@code {% macro name(parameters) %}}: a function whose value is the text its body writes. */
record Macro(List<Parameter> parameters, Scope definedIn, Statement body) implements Callable {

  /** A parameter, and its value if it is not given: its default or an {@link Undefined}. */
  record Parameter(String name, Expression ifNotGiven) {}

  @Override
  public Object call(Arguments arguments) {
    for (String name : arguments.named().keySet()) {
      if (!name.equals("caller") && parameters.stream().noneMatch(p -> p.name.equals(name))) {
        throw new JinjaException("The macro has no parameter '%s'", name);
      }
    }
    arguments.atMost(parameters.size());
    Scope scope = definedIn.inner();
    for (int i = 0; i < parameters.size(); i++) {
      Parameter parameter = parameters.get(i);
      Optional<Object> given = arguments.find(i, parameter.name);
      scope.set(parameter.name, given.orElseGet(() -> parameter.ifNotGiven.evaluate(scope)));
    }
    scope.set("caller", arguments.named().getOrDefault("caller", new Undefined("'caller'")));
    return scope.budget().nested(() -> scope.renderer().captured(() -> body.run(scope)));
  }
}
