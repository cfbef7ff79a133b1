package org.sparklora.hub;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URI;
import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A request to the hub, or to a storage that it names.
 *
 * @param body may be subscribed to again, when the request is repeated
 * @param about subject of the request, for messages
 * @param retries how often the request is tried again
 */
record HubRequest(
    String method,
    URI uri,
    Map<String, String> headers,
    BodyPublisher body,
    HubSubject about,
    int retries) {
  /** The default number of retries, that of {@code huggingface_hub}. */
  static final int RETRIES = 5;

  static HubRequest get(URI uri, HubSubject about) {
    return new HubRequest("GET", uri, Map.of(), BodyPublishers.noBody(), about, RETRIES);
  }

  static HubRequest head(URI uri, HubSubject about) {
    return new HubRequest("HEAD", uri, Map.of(), BodyPublishers.noBody(), about, RETRIES);
  }

  static HubRequest post(URI uri, JsonNode json, HubSubject about) {
    return new HubRequest(
        "POST",
        uri,
        Map.of("Content-Type", "application/json"),
        BodyPublishers.ofString(json.toString()),
        about,
        RETRIES);
  }

  HubRequest with(String header, String value) {
    Map<String, String> more = new LinkedHashMap<>(headers);
    more.put(header, value);
    return new HubRequest(method, uri, more, body, about, retries);
  }

  HubRequest triedAgain(int times) {
    return new HubRequest(method, uri, headers, body, about, times);
  }
}
