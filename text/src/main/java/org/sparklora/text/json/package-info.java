/**
 * The JSON files of checkpoint and adapter folders, read as untrusted input. Used by {@code
 * org.sparklora.text}, and by every module that reads or writes such a folder.
 */
package org.sparklora.text.json;
