package org.sparklora.text.jinja;

/** Python's None; a template's values are never Java's null. */
enum None {
  NONE
}
