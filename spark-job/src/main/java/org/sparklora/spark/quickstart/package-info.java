/**
 * The first command: a small model, real rows and a LoRA run that a newcomer can watch to its end.
 *
 * <p>Uses the other commands as a user would; nothing depends on this package but the command line.
 */
package org.sparklora.spark.quickstart;
