/**
 * Makes tables of packed rows or prompts from datasets, when a run needs them.
 *
 * <p>Commands and runs may use it; it does not depend on training.
 */
package org.sparklora.spark.prep;
