package org.sparklora.prep.tokenize;

/**
 * An example's tokens.
 *
 * @param promptIsPrefix false when the prompt's tokens are not the beginning of the tokens of
 *     prompt and completion: the model then meets another context at inference than the one it is
 *     trained on
 */
public record TokenizedExample(TokenizedDocument document, boolean promptIsPrefix) {}
