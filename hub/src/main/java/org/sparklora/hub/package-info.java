/**
 * The Hugging Face hub: repositories of models and datasets, downloaded into the cache of {@code
 * huggingface_hub}, and results uploaded. Uses only {@code java.net.http}.
 *
 * <p>Any module may depend on it; it depends on JSON only, not on Hadoop. Servers are not trusted:
 * paths never leave the cache's folder, contents are checked against their hashes.
 */
package org.sparklora.hub;
