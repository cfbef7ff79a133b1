/**
 * The commands that need no cluster: tokens, log-probabilities and merged weights of one checkpoint
 * folder. Each is one static method over {@code Settings}; the command line calls them.
 */
package org.sparklora.spark.command;
