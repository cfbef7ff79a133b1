/**
 * A Hugging Face checkpoint folder: {@code config.json} and safetensors files, read as untrusted
 * input and written whole or not at all. The package encodes and decodes elements in files, and
 * does no other arithmetic.
 */
package org.sparklora.model.checkpoint;
