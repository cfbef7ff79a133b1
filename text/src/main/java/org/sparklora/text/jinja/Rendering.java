package org.sparklora.text.jinja;

import java.util.List;

/**
 * What a template wrote.
 *
 * @param generated where the text of {@code {% generation %}} blocks stands, in order
 */
public record Rendering(String text, List<Span> generated) {

  /** Characters {@code [start, end)} of the text, in Java's UTF-16 units. */
  public record Span(int start, int end) {}
}
