/**
 * What a user can set: the catalogue of flags under TRL's names ({@link
 * org.sparklora.pipeline.config.FlagCatalog}), the command line and YAML reader ({@link
 * org.sparklora.pipeline.config.CommandLine}), and the validated records they are turned into.
 *
 * <p>Every module that runs a stage may use it.
 */
package org.sparklora.pipeline.config;
