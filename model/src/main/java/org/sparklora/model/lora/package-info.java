/**
 * Low-rank adapters (Hu et al., 2021) as PEFT names, initialises and stores them. {@link
 * org.sparklora.model.lora.AdapterLayout} alone knows PEFT's parameter names.
 */
package org.sparklora.model.lora;
