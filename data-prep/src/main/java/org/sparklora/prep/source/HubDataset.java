package org.sparklora.prep.source;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.sparklora.hub.HubClient;
import org.sparklora.hub.HubFile;
import org.sparklora.hub.HubReference;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.PlainText;
import org.sparklora.hub.TransferListener;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.pipeline.table.OpenTableFormat;

/**
 * A dataset of the hub: finds the files of a configuration's split as Hugging Face's {@code
 * datasets} does, by the card's {@code configs} or else by file names, and downloads them.
 */
record HubDataset(HubClient client, HubReference reference) {
  private static final String CARD = "README.md";
  private static final int LONGEST_SHOWN = 200;

  /** Bytes of a card that are read; the declarations are at its beginning. */
  private static final int MOST_OF_A_CARD = 4 << 20;

  /** Files that describe a dataset and hold none of its rows. */
  static final Set<String> ABOUT =
      Set.of("config.json", "dataset_info.json", "dataset_infos.json", "dataset_dict.json");

  /** The ending of the files that {@code save_to_disk} writes, beside a {@link #STATE}. */
  static final String ARROW = ".arrow";

  private static final String STATE = "state.json";

  /**
   * The files of one split, downloaded; never empty.
   *
   * @param config a configuration of the card, or a folder; empty if unset
   * @throws ConfigException if nothing exists there, or no file can be read
   * @throws org.sparklora.hub.HubException when the hub does not deliver the files
   */
  List<DatasetFile> find(String config, String split) {
    HubRepo repo = reference.repo();
    String commit = client.commit(repo, reference.revision());
    List<HubFile> all = client.files(repo, commit);
    refuseScript(all);
    OpenTableFormat.refuse(repo.id(), all.stream().map(HubFile::path).toList());
    boolean isSaved = all.stream().anyMatch(file -> file.path().endsWith(ARROW));
    Set<String> paths = all.stream().map(HubFile::path).collect(Collectors.toSet());
    List<HubFile> data =
        all.stream()
            .filter(file -> isData(file) && !(isSaved && file.name().equals(STATE)))
            .filter(file -> !isCopy(file, paths))
            .toList();
    DatasetCard card = card(commit, all);
    List<HubFile> wanted =
        card.configs().isEmpty()
            ? SplitNames.ofSplit(inFolder(data, config), HubFile::path, repo.id(), split)
            : declared(card.choose(repo.id(), config), data, split);
    List<HubFile> chosen = ofOneFormat(wanted);
    ConfigException.require(
        !chosen.isEmpty(),
        Flags.DATASET_NAME,
        repo.id(),
        "none of its %s files for split %s is of a format that can be read: %s"
            .formatted(all.size(), split, FileFormat.EXTENSIONS));
    chosen.forEach(this::requireReadable);
    Path folder = client.snapshot(repo, commit, chosen::contains, Progress.ofTransfer());
    String root = "file://" + folder.toAbsolutePath() + "/"; // a URI's escapes would stay
    return chosen.stream()
        .map(file -> new DatasetFile(root + file.path(), file.bytes(), true))
        .toList();
  }

  /** Whether the file holds rows, also if it is compressed so that they cannot be read. */
  private static boolean isData(HubFile file) {
    return FileFormat.ofRows(file.name()).isPresent()
        && !ABOUT.contains(file.name())
        && Arrays.stream(file.path().split("/"))
            .noneMatch(part -> part.startsWith(".") || part.startsWith("__"));
  }

  /** Whether a file that cannot be read is the compressed copy of a file beside it. */
  private static boolean isCopy(HubFile file, Set<String> paths) {
    return FileFormat.isCompressedOtherwise(file.name())
        && paths.contains(FileFormat.decompressed(file.path()));
  }

  /** Refuses a file of the wanted rows that would otherwise be left out. */
  private void requireReadable(HubFile file) {
    ConfigException.require(
        !FileFormat.isCompressedOtherwise(file.name()),
        Flags.DATASET_NAME,
        reference.repo().id(),
        "its file %s is compressed in a way that cannot be read; the hub often has its rows as Parquet: --dataset_revision refs/convert/parquet; or download its files, decompress them and name their folder"
            .formatted(PlainText.line(file.path(), LONGEST_SHOWN)));
  }

  /** Refuses a dataset made by a script, as {@code datasets} now does too. */
  private void refuseScript(List<HubFile> all) {
    String id = reference.repo().id();
    String script = id.substring(id.indexOf('/') + 1) + ".py";
    ConfigException.require(
        all.stream().noneMatch(file -> file.path().equals(script)),
        Flags.DATASET_NAME,
        id,
        "it is made by a script, %s, which is not run; the hub often has its rows as Parquet: --dataset_revision refs/convert/parquet"
            .formatted(script));
  }

  private DatasetCard card(String commit, List<HubFile> all) {
    if (all.stream().noneMatch(file -> file.path().equals(CARD))) {
      return new DatasetCard(List.of());
    }
    Path folder =
        client.snapshot(
            reference.repo(), commit, file -> file.path().equals(CARD), TransferListener.SILENT);
    try (InputStream card = Files.newInputStream(folder.resolve(CARD))) {
      String text = new String(card.readNBytes(MOST_OF_A_CARD), StandardCharsets.UTF_8);
      return DatasetCard.parse(reference.repo().id(), text);
    } catch (IOException e) {
      throw new ConfigException(
          Flags.DATASET_NAME,
          reference.repo().id(),
          "its README.md cannot be read (%s)".formatted(e.getMessage()));
    }
  }

  private List<HubFile> inFolder(List<HubFile> data, String folder) {
    return SplitNames.inFolder(
        data,
        HubFile::path,
        folder,
        "%s declares no configurations and has no such folder with files"
            .formatted(reference.repo().id()));
  }

  private List<HubFile> declared(DatasetCard.Config config, List<HubFile> data, String split) {
    String prefix = config.dataDir().isEmpty() ? "" : config.dataDir() + "/";
    List<HubFile> inside = data.stream().filter(file -> file.path().startsWith(prefix)).toList();
    if (config.splits().isEmpty()) {
      return SplitNames.ofSplit(
          inside, file -> file.path().substring(prefix.length()), reference.repo().id(), split);
    }
    List<String> patterns = config.splits().get(split);
    ConfigException.require(
        patterns != null,
        Flags.DATASET_TRAIN_SPLIT,
        split,
        "configuration %s of %s has the splits %s; name one of them"
            .formatted(
                config.name(), reference.repo().id(), String.join(", ", config.splits().keySet())));
    Set<HubFile> files =
        new LinkedHashSet<>(); // in the order of the patterns, which is the order of rows
    for (String pattern : patterns) {
      RepoGlob glob = RepoGlob.of(prefix + pattern);
      List<HubFile> found = inside.stream().filter(file -> glob.matches(file.path())).toList();
      boolean mayBeNone = RepoGlob.isPattern(pattern) && patterns.size() > 1;
      ConfigException.require(
          !found.isEmpty() || mayBeNone,
          Flags.DATASET_NAME,
          reference.repo().id(),
          "its README.md declares %s for split %s, and there is no such file that can be read (%s)"
              .formatted(PlainText.line(pattern, LONGEST_SHOWN), split, FileFormat.EXTENSIONS));
      files.addAll(found);
    }
    return new ArrayList<>(files);
  }

  /** Files of the most frequent format, if rows exist in several; Parquet on a tie. */
  private static List<HubFile> ofOneFormat(List<HubFile> files) {
    Map<FileFormat, List<HubFile>> byFormat =
        files.stream()
            .collect(
                Collectors.groupingBy(
                    file -> FileFormat.ofRows(file.name()).orElseThrow(),
                    TreeMap::new,
                    Collectors.toList()));
    return byFormat.values().stream().max(Comparator.comparingInt(List::size)).orElse(List.of());
  }
}
