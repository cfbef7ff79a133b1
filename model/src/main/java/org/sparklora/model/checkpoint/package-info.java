/**
 * A Hugging Face checkpoint folder: {@code config.json} and safetensors files, read with suspicion
 * and written whole or not at all. The encoding of elements in files is done here, arithmetic is
 * not.
 */
package org.sparklora.model.checkpoint;
