package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.sparklora.text.jinja.Statement.Target;
import org.sparklora.text.jinja.value.Attributes;
import org.sparklora.text.jinja.value.Callable;
import org.sparklora.text.jinja.value.Undefined;
import org.sparklora.text.jinja.value.Values;

/** The variable {@code loop} of a for statement: the items read so far, and the rest. */
record Loop(List<Object> items, Iterator<Object> rest, int index) implements Attributes.Owner {
  private static final int ALL = Integer.MAX_VALUE;

  /** {@code {% for target in iterable if filter %}body{% endfor %}}. */
  static void run(
      Object iterable, Target target, Optional<Expression> filter, Statement body, Scope scope) {
    Predicate<Object> wanted =
        item -> filter.isEmpty() || Values.isTrue(filter.get().evaluate(scope.with(target, item)));
    List<Object> all = Values.iterate(iterable, scope.budget());
    scope.budget().descend();
    // read one by one: the body may change what the filter says of the next item
    Loop loop = new Loop(new ArrayList<>(), all.stream().filter(wanted).iterator(), 0);
    for (; loop.read(1) > 0; loop = new Loop(loop.items, loop.rest, loop.index + 1)) {
      scope.budget().step();
      Scope inner = scope.with(target, loop.items.get(loop.index));
      inner.set("loop", loop);
      if (body.run(inner) == Statement.Flow.BREAK) {
        break;
      }
    }
    scope.budget().ascend();
  }

  @Override
  public Optional<Object> attribute(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "index" -> index + 1L;
          case "index0" -> (long) index;
          case "revindex" -> read(ALL);
          case "revindex0" -> read(ALL) - 1;
          case "depth" -> 1L; // recursive loops are refused
          case "depth0" -> 0L;
          case "first" -> index == 0;
          case "last" -> read(2) == 1;
          case "length" -> index + read(ALL);
          case "previtem" ->
              index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
          case "nextitem" ->
              read(2) > 1 ? items.get(index + 1) : new Undefined("there is no next item");
          case "cycle" -> (Callable) a -> a.positional().get(index % a.positional().size());
          default -> null;
        });
  }

  /** Reads {@code count} items from the current one on, if there are so many; tells how many. */
  private long read(int count) {
    while (items.size() - index < count && rest.hasNext()) {
      items.add(rest.next());
    }
    return items.size() - index;
  }
}
