package org.sparklora.pipeline.model;

import java.net.URI;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.RawLocalFileSystem;

/** This machine's disk under a scheme of its own, so that it counts as another file system. */
public final class OtherFileSystem extends RawLocalFileSystem {
  private static final String SCHEME = "other";

  /** A configuration in which it is known. */
  public static Configuration configuration() {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.%s.impl".formatted(SCHEME), OtherFileSystem.class.getName());
    hadoop.set("fs.other.secret.key", "not to be shown");
    return hadoop;
  }

  /** A local path as its name there. */
  public static String name(java.nio.file.Path folder) {
    return SCHEME + "://" + folder;
  }

  @Override
  public String getScheme() {
    return SCHEME;
  }

  @Override
  public URI getUri() {
    return URI.create(SCHEME + ":///");
  }
}
