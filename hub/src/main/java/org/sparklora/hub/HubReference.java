package org.sparklora.hub;

import java.io.Serializable;
import java.util.Optional;
import org.sparklora.hub.HubException.Kind;

/**
 * A user's name for a repository of the hub: {@code namespace/name}, or {@code
 * namespace/name@revision}.
 *
 * @param repo the repository
 * @param revision a branch, a tag or a commit
 */
public record HubReference(HubRepo repo, String revision) implements Serializable {
  private static final String MAIN = "main";

  /**
   * Parses a reference; empty if the text is not one. The caller checks whether a local folder has
   * the same name.
   *
   * @param revision the revision that another flag names, or the empty string
   * @throws HubException if text and flag name two revisions
   */
  public static Optional<HubReference> of(HubRepo.Type type, String text, String revision) {
    int at = text.indexOf('@');
    String id = at < 0 ? text : text.substring(0, at);
    if (!HubRepo.isId(id)) {
      return Optional.empty();
    }
    String own = at < 0 ? "" : HubCache.requireRevision(text.substring(at + 1));
    if (!own.isEmpty() && !revision.isEmpty() && !own.equals(revision)) {
      throw Kind.NO_REVISION.error(
          "Cannot use revision %s of %s: its name asks for another; write one of them",
          revision, text);
    }
    String wanted = own.isEmpty() ? revision : own;
    return Optional.of(new HubReference(new HubRepo(type, id), wanted.isEmpty() ? MAIN : wanted));
  }
}
