package org.sparklora.pipeline.model;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.util.functional.FunctionRaisingIOE;
import org.sparklora.pipeline.model.ModelSource.Part;
import org.sparklora.pipeline.run.FileStamp;
import org.sparklora.pipeline.run.Once;

/**
 * Selects the files of a model or an adapter: a folder of the hub often holds the weights in
 * several other formats, too.
 */
final class ModelFiles {
  /** The order of a listing, on which its fingerprint depends. */
  static final Comparator<ModelFile> BY_NAME = Comparator.comparing(ModelFile::name);

  private static final String SINGLE_FILE = "model.safetensors";
  private static final String INDEX = "model.safetensors.index.json";
  private static final String ADAPTER = "adapter_model.safetensors";

  /** The folder of named chat templates, as in transformers. */
  static final String TEMPLATES = "additional_chat_templates";

  /** The files that are read if a folder has them, besides weights. */
  private static final Pattern READ =
      Pattern.compile(
          "((adapter_|generation_|tokenizer_)?config|special_tokens_map|tokenizer)\\.json|chat_template\\.jinja|%s/[^/]+\\.jinja|%s"
              .formatted(TEMPLATES, Pattern.quote(INDEX)));

  /** Files for labels and for results, which transformers does not download for each model. */
  private static final Pattern COPIED =
      Pattern.compile(
          "(added_tokens|chat_template|trainer_state|vocab)\\.json|merges\\.txt|tokenizer\\.model");

  private static final Map<ModelSource, Once<java.nio.file.Path>> FETCHED =
      new ConcurrentHashMap<>();

  private ModelFiles() {}

  /** Lists the wanted files of a folder by name, with slashes. */
  static List<ModelFile> list(FileSystem fileSystem, Path folder, Part part) throws IOException {
    Map<String, FileStatus> there = new TreeMap<>();
    for (FileStatus status : fileSystem.listStatus(folder)) {
      String name = status.getPath().getName();
      if (status.isFile()) {
        there.put(name, status);
      } else if (name.equals(TEMPLATES)) {
        for (FileStatus template : fileSystem.listStatus(status.getPath())) {
          there.put(name + "/" + template.getPath().getName(), template);
        }
      }
    }
    List<ModelFile> files = new ArrayList<>();
    for (String name :
        wanted(there.keySet(), part, index -> fileSystem.open(new Path(folder, index)))) {
      FileStatus status = there.get(name);
      files.add(new ModelFile(name, status.getLen(), FileStamp.version(fileSystem, status), ""));
    }
    return List.copyOf(files);
  }

  /** The names of the wanted files among those that exist, sorted. */
  static List<String> wanted(
      Set<String> there, Part part, FunctionRaisingIOE<String, InputStream> opener)
      throws IOException {
    Set<String> wanted = new TreeSet<>(there.stream().filter(ModelFiles::isText).toList());
    if (part == Part.WHOLE) {
      wanted.addAll(weights(there, opener));
    }
    return List.copyOf(wanted);
  }

  /** Whether a file is configuration, tokenizer or chat template. */
  static boolean isText(String path) {
    return isRead(path) || COPIED.matcher(path).matches();
  }

  /** Whether a run reads this file if a folder has it. */
  static boolean isRead(String path) {
    return READ.matcher(path).matches();
  }

  /** Whether a file tells the shapes of the weights, or the files that hold them. */
  static boolean isSettings(String path) {
    return isRead(path) && (path.endsWith("config.json") || path.equals(INDEX));
  }

  /** The folder of a source: fetched by its first request in this process, and when emptied. */
  static java.nio.file.Path fetched(ModelSource source, Supplier<java.nio.file.Path> fetch) {
    return FETCHED.computeIfAbsent(source, any -> new Once<>()).get(fetch, ModelFiles::areIn);
  }

  /** Whether a fetched folder still has its settings: caches and scratch folders are emptied. */
  private static boolean areIn(java.nio.file.Path folder) {
    return Files.exists(folder.resolve("config.json"))
        || Files.exists(folder.resolve("adapter_config.json"));
  }

  /**
   * The files among those that exist from which the weights of a checkpoint or an adapter are read.
   */
  static List<String> weights(Set<String> there, FunctionRaisingIOE<String, InputStream> opener)
      throws IOException {
    List<String> names = new ArrayList<>();
    if (there.contains(SINGLE_FILE)) { // transformers, too, prefers this file
      names.add(SINGLE_FILE);
    } else if (there.contains(INDEX)) {
      try (InputStream in = opener.apply(INDEX)) {
        for (JsonNode shard : new ObjectMapper().readTree(in).path("weight_map")) {
          names.add(shard.asText());
        }
      }
    }
    if (there.contains(ADAPTER)) {
      names.add(ADAPTER);
    }
    for (String name : names) {
      if (!there.contains(name)) {
        throw new IOException("its %s names %s, which is not there".formatted(INDEX, name));
      }
    }
    return names.stream().distinct().sorted().toList();
  }
}
