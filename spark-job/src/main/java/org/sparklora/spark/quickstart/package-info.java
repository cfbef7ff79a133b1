/**
 * The command {@code quickstart}: fine-tunes a small model on real rows, and makes it reliable by
 * reinforcement learning, with and without LoRA. Also generates the data and initial weights of
 * that model.
 *
 * <p>Uses the other commands as a user would; only the command line may use this package.
 */
package org.sparklora.spark.quickstart;
