package org.sparklora.text.jinja;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.sparklora.text.jinja.value.RenderLimit;

/** One rendering: its budget and its output. */
final class Renderer {
  private final RenderLimit budget = new RenderLimit();
  private final List<Rendering.Span> generated = new ArrayList<>();
  private final StringBuilder output = new StringBuilder();
  private StringBuilder out = output; // another buffer inside a macro or set block

  Rendering render(Statement template, Map<String, Object> names) {
    template.run(new Scope(null, names, this));
    return new Rendering(out.toString(), List.copyOf(generated));
  }

  RenderLimit budget() {
    return budget;
  }

  void write(String text) {
    budget.bound((long) out.length() + text.length());
    budget.allocate(text.length());
    out.append(text);
  }

  /** The text that an action writes, kept out of the output. */
  String captured(Runnable action) {
    StringBuilder outer = out;
    out = new StringBuilder();
    action.run();
    String text = out.toString();
    out = outer;
    return text;
  }

  /** Writes the text of an action and marks it as the assistant's words. */
  void generate(Runnable action) {
    // Text that a macro or block holds back does not count for the start, as in transformers.
    int start = output.length();
    String text = captured(action);
    generated.add(new Rendering.Span(start, start + text.length()));
    write(text);
  }
}
