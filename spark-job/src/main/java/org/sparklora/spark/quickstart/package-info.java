/**
 * The first command: a small model that is fine-tuned on real rows and made reliable by
 * reinforcement, with LoRA and without, while a newcomer watches; and how that model was made.
 *
 * <p>Uses the other commands as a user would; nothing depends on this package but the command line.
 */
package org.sparklora.spark.quickstart;
