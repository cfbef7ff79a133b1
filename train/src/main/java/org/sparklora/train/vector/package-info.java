/**
 * Vectors as large as the trained parameters, outside the Java heap: {@link
 * org.sparklora.train.vector.FlatVector} is sent between driver and executors, as one of the {@link
 * org.sparklora.train.vector.VectorType}s. All of {@code train} and what is built on it may depend
 * on this package; it knows the engine alone.
 */
package org.sparklora.train.vector;
