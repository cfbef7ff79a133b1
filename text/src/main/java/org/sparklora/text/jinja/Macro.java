package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** {@code {% macro name(parameters) %}}: a function whose value is the text its body writes. */
record Macro(Parameters parameters, Scope definedIn, Statement body) implements Callable {

  /** The parameters of a macro; the last {@code defaults.size()} have defaults. */
  record Parameters(List<String> names, List<Expression> defaults) {}

  @Override
  public Object call(Arguments arguments) {
    return call(arguments, new Undefined("'caller'"));
  }

  String call(Arguments arguments, Object caller) {
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
                ? parameters.defaults().get(i - firstDefault).evaluate(scope)
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
    scope.set("caller", caller);
    scope.budget().descend();
    String text = scope.renderer().captured(() -> body.run(scope));
    scope.budget().ascend();
    return text;
  }
}
