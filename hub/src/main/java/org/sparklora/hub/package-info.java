/**
 * The Hugging Face hub: repositories of models and datasets, downloaded into the cache that {@code
 * huggingface_hub} uses as well, and results uploaded. Over {@code java.net.http} alone.
 *
 * <p>Any module may depend on it; it depends on JSON only, not on Hadoop. What a server says is not
 * trusted: names never leave the cache's folder, contents are checked against their hashes.
 */
package org.sparklora.hub;
