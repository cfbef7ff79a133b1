package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** {@code {% macro name(parameters) %}}: a function whose value is the text its body writes. */
final class Macro implements Callable {
  private final Statement.Parameters parameters;
  private final Scope definedIn;
  private final Evaluator evaluator;
  private final Renderer.Body body;

  Macro(Statement.Parameters parameters, Scope definedIn, Evaluator evaluator, Renderer.Body body) {
    this.parameters = parameters;
    this.definedIn = definedIn;
    this.evaluator = evaluator;
    this.body = body;
  }

  @Override
  public Object call(Arguments arguments) {
    return call(arguments, Optional.empty());
  }

  String call(Arguments arguments, Optional<Object> caller) {
    Scope scope = definedIn.inner();
    List<String> names = parameters.names();
    Map<String, Object> rest = new LinkedHashMap<>(arguments.named());
    int firstDefault = names.size() - parameters.defaults().size();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Object value =
          i < arguments.positional().size() ? arguments.positional().get(i) : rest.get(name);
      rest.remove(name);
      if (value == null) {
        value =
            i >= firstDefault
                ? evaluator.evaluate(parameters.defaults().get(i - firstDefault), scope)
                : new Undefined("parameter '" + name + "'");
      }
      scope.set(name, value);
    }
    int taken = Math.min(names.size(), arguments.positional().size());
    scope.set(
        "varargs",
        new Tuple(
            new ArrayList<>(arguments.positional().subList(taken, arguments.positional().size()))));
    scope.set("kwargs", rest);
    scope.set("caller", caller.orElse(new Undefined("'caller'")));
    StringBuilder text = new StringBuilder();
    body.accept(scope, text);
    return text.toString();
  }
}
