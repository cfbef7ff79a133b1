/**
 * A sample of another project that uses the libraries {@code hub}, {@code text} and {@code reward}:
 * a tokenizer comes from the hub, a prompt is rendered, and the completions of its group are judged.
 */
package com.example;
