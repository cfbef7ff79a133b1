package org.sparklora.text.json;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonMappingException.Reference;
import com.fasterxml.jackson.databind.exc.MismatchedInputException;
import com.fasterxml.jackson.databind.exc.PropertyBindingException;
import java.util.Collection;

/** Says in JSON's terms why JSON cannot be read; Jackson's messages name Java classes. */
public final class JsonProblem {
  private JsonProblem() {}

  /**
   * The reason in one line, such as {@code log_history[2] is not an object}.
   *
   * @param e the exception of Jackson's reader or {@code convertValue}
   */
  public static String of(Exception e) {
    Exception thrown = e.getCause() instanceof JsonProcessingException cause ? cause : e;
    if (thrown instanceof PropertyBindingException unknown) {
      return "%s is not known".formatted(place(unknown));
    }
    if (thrown instanceof MismatchedInputException mismatch && mismatch.getTargetType() != null) {
      return "%s is not %s".formatted(place(mismatch), words(mismatch.getTargetType()));
    }
    String message =
        thrown instanceof JsonProcessingException json
            ? json.getOriginalMessage()
            : thrown.getMessage();
    return String.valueOf(message).lines().findFirst().orElse("no reason given");
  }

  private static String place(MismatchedInputException e) {
    StringBuilder place = new StringBuilder();
    for (Reference step : e.getPath()) {
      if (step.getFieldName() == null) {
        place.append('[').append(step.getIndex()).append(']');
      } else {
        place.append(place.length() == 0 ? "" : ".").append(step.getFieldName());
      }
    }
    return place.length() == 0 ? "it" : place.toString();
  }

  private static String words(Class<?> type) {
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type.isPrimitive() || Number.class.isAssignableFrom(type)) {
      return "a number";
    }
    if (CharSequence.class.isAssignableFrom(type)) {
      return "a text";
    }
    boolean isList = type.isArray() || Collection.class.isAssignableFrom(type);
    return isList ? "a list" : type.isEnum() ? "one of the known words" : "an object";
  }
}
