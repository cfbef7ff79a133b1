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

  HubRequest(String method, URI uri, BodyPublisher body, HubSubject about) {
    this(method, uri, Map.of(), body, about, RETRIES);
  }

  static HubRequest get(URI uri, HubSubject about) {
    return new HubRequest("GET", uri, BodyPublishers.noBody(), about);
  }

  static HubRequest head(URI uri, HubSubject about) {
    return new HubRequest("HEAD", uri, BodyPublishers.noBody(), about);
  }

  static HubRequest post(URI uri, JsonNode json, HubSubject about) {
    return new HubRequest("POST", uri, BodyPublishers.ofString(json.toString()), about)
        .with("Content-Type", "application/json");
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
