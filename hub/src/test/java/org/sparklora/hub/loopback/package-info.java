/**
 * A small hub on 127.0.0.1 for tests: repositories with commits, large files in a storage of their
 * own, access rights, and faults on demand. That it behaves as the real one does is shown by {@code
 * ci/hub_check.sh}, which drives it with {@code huggingface_hub}.
 */
package org.sparklora.hub.loopback;
