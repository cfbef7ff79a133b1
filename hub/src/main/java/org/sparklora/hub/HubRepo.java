package org.sparklora.hub;

import java.io.Serializable;
import java.util.Locale;
import java.util.regex.Pattern;
import org.sparklora.hub.HubException.Kind;

/**
 * A repository of the hub.
 *
 * @param type model or dataset
 * @param id {@code namespace/name}
 */
public record HubRepo(Type type, String id) implements Serializable {
  private static final Pattern PART = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,95}");

  public enum Type {
    MODEL,
    DATASET;

    /** The type's name: {@code model} or {@code dataset}. */
    String singular() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** {@code models}, {@code datasets}: part of addresses and of the cache's folders. */
    String plural() {
      return singular() + "s";
    }
  }

  /**
   * @throws HubException if no repository can have that name
   */
  public HubRepo {
    if (!isId(id)) {
      throw Kind.NO_REPOSITORY.error(
          "Cannot use %s as the name of a repository: it must be namespace/name, of letters, digits, dots, dashes and underscores",
          id);
    }
  }

  public static HubRepo model(String id) {
    return new HubRepo(Type.MODEL, id);
  }

  public static HubRepo dataset(String id) {
    return new HubRepo(Type.DATASET, id);
  }

  /** Whether the text is {@code namespace/name}. */
  public static boolean isId(String text) {
    int slash = text.indexOf('/');
    return slash > 0 && isName(text.substring(0, slash)) && isName(text.substring(slash + 1));
  }

  /** Checks a name by the hub's rules; the cache's folders write two dashes for the slash. */
  private static boolean isName(String part) {
    return PART.matcher(part).matches()
        && !part.contains("--")
        && !part.contains("..")
        && !part.endsWith(".git");
  }

  /** The name of the cache's folder: {@code models--namespace--name}. */
  String folderName() {
    return type.plural() + "--" + id.replace("/", "--");
  }

  /** The path of the repository's files and Git. */
  String path() {
    return type == Type.MODEL ? "/" + id : "/" + type.plural() + "/" + id;
  }

  /** The path of the hub's API for the repository. */
  String apiPath() {
    return "/api/" + type.plural() + "/" + id;
  }

  @Override
  public String toString() {
    return type.singular() + " " + id;
  }
}
