/**
 * What a user can set: the flags under TRL's names, declared in {@code flags.tsv} and read by the
 * constants of {@link org.sparklora.pipeline.config.Flags}, the command line and YAML reader
 * ({@link org.sparklora.pipeline.config.CommandLine}), and the validated records they are turned
 * into.
 *
 * <p>Every module that runs a stage may use it.
 */
package org.sparklora.pipeline.config;
