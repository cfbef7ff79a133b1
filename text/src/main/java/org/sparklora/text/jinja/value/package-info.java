/**
 * The values of a template, with Python's semantics: their operators, methods, filters, tests,
 * printed and JSON forms, the functions that every template has, and the {@code RenderLimit} that
 * all work on values is charged to.
 *
 * <p>Depends on the JDK only. Used by {@code org.sparklora.text.jinja}; of its errors, by {@code
 * org.sparklora.text}.
 */
package org.sparklora.text.jinja.value;
