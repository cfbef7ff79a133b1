/**
 * The exception by which settings records refuse a value. Used by settings records in every package
 * of {@code model}, and by the code that makes them from a user's settings; depends on nothing.
 */
package org.sparklora.model.config;
