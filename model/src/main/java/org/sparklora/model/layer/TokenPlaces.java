package org.sparklora.model.layer;

import org.sparklora.model.engine.Segments;

/**
 * Where the tokens of a batch stand.
 *
 * @param segments the documents: attention does not cross them
 * @param positions of each token in its document, {@code (N)}
 * @param rotary the angles of these positions
 */
public record TokenPlaces(Segments segments, int[] positions, RotaryEmbedding.Tables rotary) {}
