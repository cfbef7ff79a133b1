package org.sparklora.text.jinja;

import java.time.Clock;
import java.util.HashMap;
import java.util.Map;
import org.sparklora.text.jinja.value.Globals;
import org.sparklora.text.jinja.value.JinjaException;
import org.sparklora.text.jinja.value.Values;

/** A parsed Jinja2 template. Immutable and thread-safe: each rendering has its own state. */
public final class Template {
  private final Statement body;

  private Template(Statement body) {
    this.body = body;
  }

  /**
   * Parses a template.
   *
   * @throws JinjaException if the template is malformed or uses a tag that chat templates may not
   *     use
   */
  public static Template parse(String source) {
    try {
      return new Template(Parser.parse(source));
    } catch (JinjaException e) {
      throw e;
    } catch (StackOverflowError | RuntimeException e) { // an untrusted template fails alone
      throw new JinjaException("The template cannot be read (%s)", e);
    }
  }

  /**
   * Renders the template.
   *
   * @param variables JSON-like values: maps, lists, strings, numbers, booleans and nulls
   * @param clock the clock of {@code strftime_now}
   * @throws JinjaException if the template fails, raises or exceeds the limits
   */
  public Rendering render(Map<String, ?> variables, Clock clock) {
    Map<String, Object> names = new HashMap<>(Globals.of(clock));
    try {
      variables.forEach((name, value) -> names.put(name, Values.fromJava(value)));
      return new Renderer().render(body, names);
    } catch (StackOverflowError e) {
      // RenderLimit's limit on depth should come first, but the caller's stack may be small.
      throw new JinjaException("The template nests too deeply");
    } catch (JinjaException e) {
      throw e;
    } catch (RuntimeException e) { // an untrusted template fails alone
      throw new JinjaException("The template asks for what cannot be computed (%s)", e);
    }
  }
}
