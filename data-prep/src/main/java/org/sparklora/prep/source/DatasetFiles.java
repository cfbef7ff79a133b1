package org.sparklora.prep.source;

import java.io.IOException;
import java.net.URISyntaxException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.hub.HubClient;
import org.sparklora.hub.HubReference;
import org.sparklora.hub.HubRepo;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.table.OpenTableFormat;

/**
 * Finds the files of a dataset: a file, a folder (searched recursively) or a glob, on any file
 * system of Hadoop, or a repository of the hub.
 *
 * <p>Sorted by path, as {@code datasets.load_dataset} does. Skips names that begin with a dot or an
 * underscore, unless the dataset itself has such a name. File names decide which split a file
 * belongs to, see {@link SplitNames}.
 */
public record DatasetFiles(Configuration configuration) {
  private static final int MOST_NAMED = 5;

  /**
   * The files of one split, sorted by path; never empty.
   *
   * @param dataset a file, a folder or a glob; if none of these exists, a repository of the hub,
   *     whose files are downloaded
   * @param config {@code --dataset_config}: a subfolder, or a configuration that the repository
   *     declares; empty if unset
   * @throws ConfigException if nothing exists there, or no file can be read
   * @throws org.sparklora.pipeline.table.TableException when it is a table of Delta Lake, Iceberg
   *     or Hudi
   */
  public List<DatasetFile> find(String dataset, String config, String split) {
    ConfigException.require(
        !split.contains("["),
        Flags.DATASET_TRAIN_SPLIT,
        split,
        "slices of a split are not read; in a file of --datasets, max_rows, weight and test_split_size take a part of the rows");
    Optional<HubReference> repository = repository(dataset);
    if (repository.isPresent()) {
      return new HubDataset(HubClient.shared(), repository.get()).find(config, split);
    }
    Found found = list(dataset, config);
    List<DatasetFile> files = new ArrayList<>();
    String named = new Path(dataset).getName();
    for (FileStatus status : found.files) {
      String path = status.getPath().toString();
      String name = status.getPath().getName();
      ConfigException.require(
          !FileFormat.isCompressedOtherwise(name),
          Flags.DATASET_NAME,
          path,
          "a file compressed like this cannot be read; decompress it, or compress text with gzip (.gz)");
      ConfigException.require(
          !name.endsWith(HubDataset.ARROW),
          Flags.DATASET_NAME,
          path,
          "Arrow files, as of save_to_disk, cannot be read; load the dataset in Python, and save it with to_parquet");
      if (FileFormat.of(name).isPresent()
          && (name.equals(named) || !HubDataset.ABOUT.contains(name))) {
        files.add(new DatasetFile(path, status.getLen(), false));
      }
    }
    files.sort(Comparator.comparing(DatasetFile::path));
    ConfigException.require(
        !files.isEmpty(),
        Flags.DATASET_NAME,
        dataset,
        found.files.isEmpty()
            ? "there is no such file or folder, or it is empty; %sdatasets of the hub are named namespace/name"
                .formatted(beside(dataset))
            : "none of its %s files is of a format that can be read: %s"
                .formatted(found.files.size(), FileFormat.EXTENSIONS));
    // A file named outright, or matched by a glob, is read whatever split its name suggests.
    boolean folder = files.size() > 1 || !files.get(0).hadoopPath().getName().equals(named);
    List<DatasetFile> wanted =
        folder && found.isNamed
            ? SplitNames.ofSplit(files, f -> below(f.hadoopPath(), found.root), dataset, split)
            : files;
    wanted.forEach(file -> requireReadable(dataset, file, found.tables));
    return wanted;
  }

  /** Refuses Parquet of tables, and local names with a colon: Hadoop lists and cannot open them. */
  private static void requireReadable(
      String dataset, DatasetFile file, Map<Path, OpenTableFormat> tables) {
    Path path = file.hadoopPath();
    for (Path at = path; at != null && !tables.isEmpty(); at = at.getParent()) {
      if (file.format() == FileFormat.PARQUET && tables.containsKey(at)) {
        throw tables.get(at).refusalOfDataset(at.toString());
      }
    }
    if ("file".equals(path.toUri().getScheme()) && path.getName().contains(":")) {
      throw colon(dataset, file.path());
    }
  }

  private static ConfigException colon(String dataset, String name) {
    return new ConfigException(
        Flags.DATASET_NAME,
        dataset,
        "a file or folder with a colon in its name cannot be read; rename it (%s)".formatted(name));
  }

  /**
   * The files below a root that exists ({@code isNamed}), or those of a glob.
   *
   * @param tables folders of Delta Lake, Iceberg and Hudi
   */
  private record Found(
      Path root, boolean isNamed, List<FileStatus> files, Map<Path, OpenTableFormat> tables) {}

  private Found list(String dataset, String config) {
    try {
      Path path = new Path(dataset);
      FileSystem fileSystem = path.getFileSystem(configuration);
      // of the path's text, since a path that ended in /. has kept a slash
      Path root = new Path(fileSystem.makeQualified(path).toString());
      boolean isNamed = fileSystem.exists(root);
      FileStatus[] roots =
          isNamed ? new FileStatus[] {fileSystem.getFileStatus(root)} : fileSystem.globStatus(root);
      List<FileStatus> found = new ArrayList<>();
      Map<Path, OpenTableFormat> tables = new HashMap<>();
      for (FileStatus status : roots == null ? new FileStatus[0] : roots) {
        Path folder = status.isDirectory() ? status.getPath() : status.getPath().getParent();
        tables.putAll(OpenTableFormat.atOrAbove(fileSystem, folder));
        if (isNamed || isVisible(status.getPath(), root)) {
          collect(fileSystem, status, found, tables);
        }
      }
      return new Found(root, isNamed, under(found, root, config), tables);
    } catch (IllegalArgumentException | IOException e) {
      if (e.getCause() instanceof URISyntaxException syntax) {
        throw colon(dataset, syntax.getInput());
      }
      throw new ConfigException(
          Flags.DATASET_NAME, dataset, "it cannot be listed (%s)".formatted(e.getMessage()));
    }
  }

  /** Whether the wildcards that begin a name of the glob stand for no hidden name. */
  private static boolean isVisible(Path found, Path glob) {
    Path at = found;
    for (Path part = glob; !part.isRoot() && !at.isRoot(); part = part.getParent()) {
      if ("*?".indexOf(part.getName().charAt(0)) >= 0 && !isVisible(at.getName())) {
        return false;
      }
      at = at.getParent();
    }
    return true;
  }

  private static boolean isVisible(String name) {
    return !name.startsWith(".") && !name.startsWith("_");
  }

  private static void collect(
      FileSystem fileSystem,
      FileStatus status,
      List<FileStatus> found,
      Map<Path, OpenTableFormat> tables)
      throws IOException {
    if (!status.isDirectory()) {
      found.add(status);
      return;
    }
    FileStatus[] children = fileSystem.listStatus(status.getPath());
    OpenTableFormat.of(fileSystem, status.getPath(), children)
        .ifPresent(format -> tables.put(status.getPath(), format));
    for (FileStatus child : children) {
      if (isVisible(child.getPath().getName())) {
        collect(fileSystem, child, found, tables);
      }
    }
  }

  /** The files in folders named {@code config} below the dataset, or below a glob's fixed part. */
  private static List<FileStatus> under(List<FileStatus> found, Path dataset, String config) {
    Path at = dataset;
    while (at.toString().chars().anyMatch(c -> "*?[{".indexOf(c) >= 0)) { // a glob
      at = at.getParent();
    }
    Path top = at;
    return SplitNames.inFolder(
        found,
        file -> below(file.getPath(), top),
        config,
        "there is no such folder with files under " + dataset);
  }

  /** The part of the path below a folder; empty for the folder itself. */
  private static String below(Path file, Path folder) {
    String path = file.toUri().getPath();
    int start = folder.isRoot() ? 1 : folder.toUri().getPath().length() + 1;
    return path.substring(Math.min(start, path.length()));
  }

  /** Suggests what a mistyped file may be: names of files beside it. */
  private String beside(String dataset) {
    Path folder = new Path(dataset).getParent();
    try {
      FileSystem fileSystem = new Path(dataset).getFileSystem(configuration);
      Path place = folder == null ? fileSystem.getWorkingDirectory() : folder;
      String names =
          Stream.of(fileSystem.listStatus(place))
              .map(status -> status.getPath().getName())
              .filter(name -> FileFormat.of(name).isPresent())
              .sorted()
              .limit(MOST_NAMED)
              .collect(Collectors.joining(", "));
      return names.isEmpty() ? "" : "%s holds %s; ".formatted(place, names);
    } catch (IOException | IllegalArgumentException e) {
      return ""; // no suggestion
    }
  }

  /**
   * The hub repository that {@code dataset} names, unless such a path exists or the name is that of
   * a data file.
   */
  private Optional<HubReference> repository(String dataset) {
    Optional<HubReference> repository =
        FileFormat.of(dataset).isPresent()
            ? Optional.empty()
            : HubReference.of(HubRepo.Type.DATASET, dataset, "");
    try {
      boolean exists = // other names may be no paths
          repository.isPresent()
              && new Path(dataset).getFileSystem(configuration).exists(new Path(dataset));
      return exists ? Optional.empty() : repository;
    } catch (IOException e) {
      throw new ConfigException(
          Flags.DATASET_NAME, dataset, "it cannot be looked for (%s)".formatted(e.getMessage()));
    }
  }
}
