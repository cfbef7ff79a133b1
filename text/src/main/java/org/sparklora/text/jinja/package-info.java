/**
 * The Jinja2 that chat templates are written in, with Python's semantics for strings, lists, dicts
 * and numbers, and nothing else: a template reaches only the values it was given, never a Java
 * object, file or class, and its steps, output and depth are bounded.
 *
 * <p>Matches the environment of transformers' {@code apply_chat_template}: {@code trim_blocks} and
 * {@code lstrip_blocks} on, {@code break}/{@code continue}, {@code {% generation %}}, an immutable
 * sandbox. {@code value} below it computes with values; this package holds syntax and statements.
 * Used by {@code org.sparklora.text} alone; others see the {@link
 * org.sparklora.text.jinja.Rendering}.
 */
package org.sparklora.text.jinja;
