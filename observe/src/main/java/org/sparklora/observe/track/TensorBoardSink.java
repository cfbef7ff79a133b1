package org.sparklora.observe.track;

import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.track.sink.RunLabel;
import org.sparklora.observe.track.sink.Sink;
import org.sparklora.observe.track.sink.TrackedRow;

/**
 * Writes a run into an {@linkplain EventFile event file} of TensorBoard. A resumed run writes its
 * earlier rows into a new file and deletes the old one, so that TensorBoard shows no point twice,
 * and none after the checkpoint from the old attempt.
 */
final class TensorBoardSink implements Sink {
  private static final String PREFIX = "events.out.tfevents.";

  private final FileSystem fileSystem;
  private final Path folder;
  private final RunLabel run;
  private Optional<EventFile> file = Optional.empty();

  /**
   * @param folder a folder only for this run's event files
   */
  TensorBoardSink(FileSystem fileSystem, Path folder, RunLabel run) {
    this.fileSystem = fileSystem;
    this.folder = folder;
    this.run = run;
  }

  @Override
  public void replay(List<TrackedRow> rows) throws IOException {
    close();
    fileSystem.mkdirs(folder);
    List<Path> before =
        Arrays.stream(fileSystem.listStatus(folder))
            .map(FileStatus::getPath)
            .filter(path -> path.getName().startsWith(PREFIX))
            .toList();
    // TensorBoard reads the files of a folder in the order of their names
    Path path =
        new Path(
            folder,
            String.format(
                Locale.ROOT,
                "%s%010d.spark-lora.%s",
                PREFIX,
                Instant.now().getEpochSecond(),
                UUID.randomUUID()));
    Instant start = rows.isEmpty() ? Instant.now() : rows.get(0).time();
    EventFile events = new EventFile(fileSystem.create(path, false), start);
    file = Optional.of(events);
    events.addText(start, "args/text_summary", settings());
    for (TrackedRow row : rows) {
      events.add(row);
    }
    events.flush();
    for (Path old : before) {
      fileSystem.delete(old, false);
    }
  }

  private String settings() {
    return EventFile.verbatim(
        run.settings().entrySet().stream()
            .map(setting -> "%s: %s".formatted(setting.getKey(), setting.getValue())));
  }

  @Override
  public void append(TrackedRow row) throws IOException {
    EventFile events = file.orElseThrow(() -> new IllegalStateException("Nothing was replayed"));
    events.add(row);
    events.flush();
  }

  @Override
  public void close() throws IOException {
    if (file.isPresent()) {
      EventFile events = file.get();
      file = Optional.empty();
      events.close();
    }
  }
}
