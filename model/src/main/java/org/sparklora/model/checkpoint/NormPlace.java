package org.sparklora.model.checkpoint;

/** A place in a decoder block where some families have a norm. */
public enum NormPlace {
  BEFORE_ATTENTION,
  AFTER_ATTENTION,
  BEFORE_FEED_FORWARD,
  AFTER_FEED_FORWARD
}
