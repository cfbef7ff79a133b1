package org.sparklora.hub;

import java.time.Duration;

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
      return new HubException(
          HubException.Kind.BAD_TOKEN,
          "Cannot use the hub token for %s: %s does not know it; make a new one at %s/settings/tokens and set HF_TOKEN or the token file"
              .formatted(this, config.endpoint(), config.endpoint()));
    }
    if (code.equals("GatedRepo")) {
      return new HubException(
          HubException.Kind.GATED,
          known
              ? "Cannot download %s: it is gated and this token's account has no access yet; accept its conditions at %s"
                  .formatted(this, page)
              : "Cannot download %s: it is gated; accept its conditions at %s, then set HF_TOKEN to a token of that account"
                  .formatted(this, page));
    }
    if (code.equals("RevisionNotFound")) {
      return new HubException(
          HubException.Kind.NO_REVISION,
          "Cannot find revision %s of %s: name a branch, tag or commit that %s has"
              .formatted(revision, repo, page));
    }
    if (code.equals("EntryNotFound")) {
      return new HubException(
          HubException.Kind.NO_FILE,
          "Cannot find %s at %s: look at its files at %s".formatted(file, this, page));
    }
    if (code.equals("RepoNotFound") || status == 401 || status == 404) {
      return new HubException(
          HubException.Kind.NO_REPOSITORY,
          "Cannot find %s at %s%s: correct the name%s"
              .formatted(
                  repo,
                  config.endpoint(),
                  mayBeFolder ? ", and here is no folder of that name either" : "",
                  known
                      ? ", or, if it is private, use a token that may read it"
                      : ", or, if it is private or gated, set HF_TOKEN"));
    }
    String hub = said.isEmpty() ? "" : " (the hub says: %s)".formatted(said);
    return switch (status) {
      case 403 ->
          new HubException(
              HubException.Kind.FORBIDDEN,
              "Not allowed for %s%s: use a token with the right to do it, made at %s/settings/tokens"
                  .formatted(this, hub, config.endpoint()));
      case 409, 412 ->
          new HubException(
              HubException.Kind.CONFLICT,
              "%s has changed meanwhile%s; try again".formatted(this, hub));
      case 429 ->
          new HubException(
              HubException.Kind.RATE_LIMITED,
              "The hub takes no more requests for %s%s; try again in %s, with HF_TOKEN set for a higher limit"
                  .formatted(
                      this, hub, asked.isZero() ? "some minutes" : asked.toSeconds() + " s"));
      default ->
          new HubException(
              HubException.Kind.SERVER,
              "The hub answers %s for %s%s; try again later, or look at https://status.huggingface.co"
                  .formatted(status, this, hub));
    };
  }

  @Override
  public String toString() {
    String named = revision.isEmpty() ? repo : "%s (revision %s)".formatted(repo, revision);
    return file.isEmpty() ? named : "%s of %s".formatted(file, named);
  }
}
