/**
 * The seam between the decoder and what computes it: an {@link org.sparklora.model.engine.Engine}
 * with its tensors, found by {@link org.sparklora.model.engine.Engines}.
 *
 * <p>Used by the layers of {@code org.sparklora.model}, and outside that module by whoever holds
 * parameter vectors. Engines themselves, in packages and modules of their own, depend on this
 * package alone.
 */
package org.sparklora.model.engine;
