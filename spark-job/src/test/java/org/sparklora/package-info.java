/**
 * The house rules of the whole repository, as tests: they live in the module that sees all others.
 */
package org.sparklora;
