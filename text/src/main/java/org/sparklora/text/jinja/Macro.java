package org.sparklora.text.jinja;

import java.util.List;
import org.sparklora.text.jinja.value.Arguments;
import org.sparklora.text.jinja.value.Callable;
import org.sparklora.text.jinja.value.Undefined;

/** {@code {% macro name(parameters) %}}: a function whose value is the text its body writes. */
record Macro(Parameters parameters, Scope definedIn, Statement body) implements Callable {

  /** The parameters of a macro; the last {@code defaults.size()} have defaults. */
  record Parameters(List<String> names, List<Expression> defaults) {}

  @Override
  public Object call(Arguments arguments) {
    Scope scope = definedIn.inner();
    List<String> names = parameters.names();
    int firstDefault = names.size() - parameters.defaults().size();
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      Object given = arguments.find(i, name).orElse(null);
      if (given == null) {
        given =
            i >= firstDefault
                ? parameters.defaults().get(i - firstDefault).evaluate(scope)
                : new Undefined("parameter '" + name + "'");
      }
      scope.set(name, given);
    }
    scope.set("caller", arguments.named().getOrDefault("caller", new Undefined("'caller'")));
    scope.budget().descend();
    String text = scope.renderer().captured(() -> body.run(scope));
    scope.budget().ascend();
    return text;
  }
}
