package org.sparklora.api;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Map;

/**
 * The result of an evaluation.
 *
 * @param folder with every completion and its verdict
 * @param summary {@code pass@k}, counts and settings, by name; the folder has it as well
 */
public record EvalResult(String folder, Map<String, Object> summary) {
  /** The summary as JSON, for other languages. */
  public String json() {
    return new ObjectMapper().valueToTree(summary).toString();
  }
}
