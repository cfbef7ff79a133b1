/**
 * The user's settings: the flags under TRL's names, declared in {@code flags.tsv} and read by the
 * constants of {@link org.sparklora.pipeline.config.Flags}; the reader of command lines and YAML
 * ({@link org.sparklora.pipeline.config.CommandLine}); and the validated records made from them.
 * For messages about failures, {@link org.sparklora.pipeline.config.RootCause}.
 *
 * <p>Every module that runs a stage may use it.
 */
package org.sparklora.pipeline.config;
