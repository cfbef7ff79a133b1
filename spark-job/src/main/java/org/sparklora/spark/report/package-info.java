/** What a run leaves for people: the model card and the loss plot. */
package org.sparklora.spark.report;
