/**
 * How records of settings refuse a value. Used by such records in every package of {@code model},
 * and by who makes them of a user's settings; depends on nothing.
 */
package org.sparklora.model.config;
