package org.sparklora.model.layer;

import java.util.List;
import org.sparklora.model.engine.Branch;

/**
 * Where tokens stand that are computed with a cache.
 *
 * @param branches what each token sees, in slots of the cache
 * @param slots where the tokens' own keys and values go, {@code (N)}
 * @param positions of each token in its text, {@code (N)}
 * @param rotary the angles of these positions
 */
public record CachedPlaces(
    List<Branch> branches, int[] slots, int[] positions, RotaryEmbedding.Tables rotary) {}
