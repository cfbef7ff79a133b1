package org.sparklora.pipeline.config;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Locale;

/**
 * The catalogue as JSON, from which documentation and classes of other languages are generated. One
 * object for each flag: {@code name}, {@code section}, {@code type}, {@code trl} (whether TRL has
 * it), the flags of which it {@code needs} one, and its properties in each of its {@code commands}.
 */
public final class FlagsJson {
  private static final ObjectMapper JSON = new ObjectMapper();

  private FlagsJson() {}

  public static void main(String[] arguments) {
    System.out.println(catalogue().toPrettyString());
  }

  static ArrayNode catalogue() {
    ArrayNode flags = JSON.createArrayNode();
    FlagCatalog.shared().all().forEach(flag -> flags.add(json(flag)));
    return flags;
  }

  private static ObjectNode json(Flag<?> flag) {
    ObjectNode json = JSON.createObjectNode();
    json.put("name", flag.name());
    json.put("section", flag.section());
    json.put("type", lower(flag.type()));
    json.put("trl", flag.statuses().usual() != Flag.Status.OWN);
    flag.need()
        .ifPresent(
            need -> {
              ObjectNode needs = json.putObject("needs");
              need.flags().forEach(name -> needs.set(name, JSON.valueToTree(need.values())));
            });
    ObjectNode commands = json.putObject("commands");
    flag.commands().forEach(command -> commands.set(command, json(flag, command)));
    return json;
  }

  private static ObjectNode json(Flag<?> flag, String command) {
    ObjectNode json = JSON.createObjectNode();
    json.put("status", lower(flag.statuses().of(command)));
    json.put("required", flag.isRequired(command));
    flag.defaultValue(command).ifPresent(text -> json.put("default", text));
    if (flag.values().of(command) instanceof AllowedValues.Interval interval) {
      json.put("interval", interval.toString());
    } else if (!flag.words(command).isEmpty()) {
      json.set("values", JSON.valueToTree(flag.words(command)));
    }
    json.put("identity", lower(flag.identities().of(command)));
    json.put("help", flag.notes().of(command));
    return json;
  }

  private static String lower(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }
}
