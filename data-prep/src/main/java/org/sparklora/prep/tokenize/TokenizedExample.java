package org.sparklora.prep.tokenize;

/**
 * The tokens of an example.
 *
 * @param promptIsPrefix false when the prompt's tokens are not a prefix of the tokens of prompt and
 *     completion: the context at inference then differs from the context in training
 */
public record TokenizedExample(TokenizedDocument document, boolean promptIsPrefix) {}
