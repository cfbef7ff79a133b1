package org.sparklora.hub;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.stream.Collectors;

/** Percent-encodes paths. */
final class UriPath {
  private UriPath() {}

  /** Encodes each part of a path and keeps the slashes. */
  static String encode(String path) {
    return Arrays.stream(path.split("/", -1))
        .map(UriPath::encodePart)
        .collect(Collectors.joining("/"));
  }

  /** Encodes one part, slashes too: the revision {@code refs/pr/1} is one part of an address. */
  static String encodePart(String part) {
    return URLEncoder.encode(part, StandardCharsets.UTF_8).replace("+", "%20");
  }
}
