package org.sparklora.text.jinja;

import java.util.List;

/**
 * The output of a template.
 *
 * @param generated the spans of {@code {% generation %}} blocks in the text, in order
 */
public record Rendering(String text, List<Span> generated) {

  /** Characters {@code [start, end)} of the text, in Java's UTF-16 units. */
  public record Span(int start, int end) {}
}
