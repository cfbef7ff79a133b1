package org.sparklora.text.jinja.value;

/**
 * The value of a missing name or key: false, empty and printed as nothing, but an error as soon as
 * something is read from it or computed with it.
 *
 * @param what the missing thing, for the error
 */
public record Undefined(String what) {

  @Override
  public boolean equals(Object other) {
    return other instanceof Undefined;
  }

  @Override
  public int hashCode() {
    return 0;
  }
}
