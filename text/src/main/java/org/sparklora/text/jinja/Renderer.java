package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** One rendering: what it may still spend, and what it has written. */
final class Renderer {
  private final Budget budget = new Budget();
  private final List<Rendering.Span> generated = new ArrayList<>();
  private final StringBuilder output = new StringBuilder();
  private StringBuilder out = output; // another one inside a macro or set block

  Rendering render(Statement template, Map<String, Object> names) {
    template.run(new Scope(null, names, this));
    return new Rendering(out.toString(), List.copyOf(generated));
  }

  Budget budget() {
    return budget;
  }

  void write(String text) {
    budget.bound((long) out.length() + text.length());
    budget.allocate(text.length());
    out.append(text);
  }

  /** What an action writes, kept out of the output. */
  String captured(Runnable action) {
    StringBuilder outer = out;
    out = new StringBuilder();
    action.run();
    String text = out.toString();
    out = outer;
    return text;
  }

  /** Writes what an action does as the assistant's words. */
  void generate(Runnable action) {
    // As in transformers: what a macro or another block holds back does not count for the start.
    int start = output.length();
    String text = captured(action);
    generated.add(new Rendering.Span(start, start + text.length()));
    write(text);
  }
}
