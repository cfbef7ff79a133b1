package org.sparklora.observe.track.mlflow;

import java.io.IOException;

/**
 * An MLflow server refused a request. After any other exception the request may have been carried
 * out.
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
