package org.sparklora.prep.source;

import java.util.Locale;

/** An enum whose constants users and files write in lower case. */
public interface LowerCase {
  String name();

  /** The constant's name as users and files write it. */
  default String word() {
    return name().toLowerCase(Locale.ROOT);
  }
}
