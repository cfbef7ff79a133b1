/**
 * Vectors as large as the trained parameters, outside the Java heap: {@link
 * org.sparklora.train.vector.FlatVector} is sent between driver and executors, as one of the {@link
 * org.sparklora.train.vector.VectorType}s. {@code train} and the modules above it may depend on
 * this package; it depends on the engines of {@code model} only.
 */
package org.sparklora.train.vector;
