package org.sparklora.spark.track;

import java.io.IOException;

/**
 * An MLflow server's refusal. Other failures of a request leave open whether it was carried out.
 */
final class MlflowException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String code;

  /**
   * @param code the server's {@code error_code}; empty if it gave none
   */
  MlflowException(String code, String message) {
    super(message);
    this.code = code;
  }

  String code() {
    return code;
  }
}
