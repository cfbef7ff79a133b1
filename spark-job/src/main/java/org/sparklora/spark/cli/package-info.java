/**
 * The command line: {@code spark-lora COMMAND --flag value …}. {@code Main} lists the commands;
 * each is a thin method that turns flags into records and calls the package that does the work.
 * Plain files of prompts, texts and token ids are read and written here too.
 *
 * <p>This package may use every package; no package depends on it.
 */
package org.sparklora.spark.cli;
