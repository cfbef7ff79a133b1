package org.sparklora.text.jinja.value;

/** Python's None; a template's values are never Java's null. */
public enum None {
  NONE
}
