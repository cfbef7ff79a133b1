package org.sparklora.text.jinja;

import java.util.List;
import java.util.Optional;

/** The variable {@code loop} of a for statement. */
record Loop(List<Object> items, int index) {

  Optional<Object> attribute(String name) {
    return Optional.ofNullable(
        switch (name) {
          case "index" -> index + 1L;
          case "index0" -> (long) index;
          case "revindex" -> (long) items.size() - index;
          case "revindex0" -> items.size() - index - 1L;
          case "first" -> index == 0;
          case "last" -> index == items.size() - 1;
          case "length" -> (long) items.size();
          case "previtem" ->
              index > 0 ? items.get(index - 1) : new Undefined("there is no previous item");
          case "nextitem" ->
              index + 1 < items.size()
                  ? items.get(index + 1)
                  : new Undefined("there is no next item");
          case "cycle" -> (Callable) a -> a.positional().get(index % a.positional().size());
          default -> null;
        });
  }
}
