package org.sparklora.hub;

import java.time.Duration;
import org.sparklora.hub.HubException.Kind;

/**
 * The subject of a request, for messages.
 *
 * @param repo the repository's type and name
 * @param revision of the repository, or the empty string
 * @param file of the repository, or the empty string
 * @param address path of the subject's web page, below the endpoint
 * @param mayBeFolder whether the repository's name could also name a local folder
 */
record HubSubject(String repo, String revision, String file, String address, boolean mayBeFolder) {

  private static final int LONGEST_NAME = 200;

  static HubSubject of(HubRepo repo, String revision) {
    return new HubSubject(repo.toString(), revision, "", repo.path(), false);
  }

  /** A repository that is read since no local folder has its name. */
  static HubSubject read(HubRepo repo, String revision) {
    return new HubSubject(repo.toString(), revision, "", repo.path(), true);
  }

  static HubSubject account() {
    return new HubSubject("the account of the token", "", "", "/settings/tokens", false);
  }

  HubSubject withFile(String name) {
    return new HubSubject(repo, revision, PlainText.line(name, LONGEST_NAME), address, mayBeFolder);
  }

  /** The error for a refusal of the hub, by status and error code, with the remedy. */
  HubException failure(HubConfig config, int status, String code, String said, Duration asked) {
    String page = config.endpoint() + address;
    boolean known = config.token().isPresent();
    if (status == 401 && said.contains("Invalid credentials")
        || status == 401 && code.isEmpty() && known) {
      return Kind.BAD_TOKEN.error(
          "Cannot use the hub token for %s: %s does not know it; make a new one at %s/settings/tokens and set HF_TOKEN or the token file",
          this, config.endpoint(), config.endpoint());
    }
    if (code.equals("GatedRepo")) {
      return Kind.GATED.error(
          known
              ? "Cannot download %s: it is gated and this token's account has no access yet; accept its conditions at %s"
              : "Cannot download %s: it is gated; accept its conditions at %s, then set HF_TOKEN to a token of that account",
          this,
          page);
    }
    if (code.equals("RevisionNotFound")) {
      return Kind.NO_REVISION.error(
          "Cannot find revision %s of %s: name a branch, tag or commit that %s has",
          revision, repo, page);
    }
    if (code.equals("EntryNotFound")) {
      return Kind.NO_FILE.error("Cannot find %s at %s: look at its files at %s", file, this, page);
    }
    if (code.equals("RepoNotFound") || status == 401 || status == 404) {
      return Kind.NO_REPOSITORY.error(
          "Cannot find %s at %s%s: correct the name%s",
          repo,
          config.endpoint(),
          mayBeFolder ? ", and here is no folder of that name either" : "",
          known
              ? ", or, if it is private, use a token that may read it"
              : ", or, if it is private or gated, set HF_TOKEN");
    }
    String hub = said.isEmpty() ? "" : " (the hub says: %s)".formatted(said);
    return switch (status) {
      case 403 ->
          Kind.FORBIDDEN.error(
              "Not allowed for %s%s: use a token with the right to do it, made at %s/settings/tokens",
              this, hub, config.endpoint());
      case 409, 412 -> Kind.CONFLICT.error("%s has changed meanwhile%s; try again", this, hub);
      case 429 ->
          Kind.RATE_LIMITED.error(
              "The hub takes no more requests for %s%s; try again in %s, with HF_TOKEN set for a higher limit",
              this, hub, asked.isZero() ? "some minutes" : asked.toSeconds() + " s");
      default ->
          Kind.SERVER.error(
              "The hub answers %s for %s%s; try again later, or look at https://status.huggingface.co",
              status, this, hub);
    };
  }

  @Override
  public String toString() {
    String named = revision.isEmpty() ? repo : "%s (revision %s)".formatted(repo, revision);
    return file.isEmpty() ? named : "%s of %s".formatted(file, named);
  }
}
