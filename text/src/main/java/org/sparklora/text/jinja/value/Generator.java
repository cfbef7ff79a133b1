package org.sparklora.text.jinja.value;

import java.util.Iterator;
import java.util.List;

/** Python's generator, as some filters return it: true, without a length, and read only once. */
final class Generator {
  final Iterator<Object> unread;

  Generator(List<Object> items) {
    this.unread = items.iterator();
  }
}
