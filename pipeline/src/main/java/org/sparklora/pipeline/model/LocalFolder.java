package org.sparklora.pipeline.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.net.NetUtils;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.run.FileStamp;

/**
 * A folder that every node has under the same path: on a single node, or on a shared disk.
 *
 * @param contents sizes and checksums of these files when the folder was located, by which a
 *     process notices that loaded files have changed: rewriting a file may keep its length, time
 *     and inode. Empty if the folder was not located, or could not be read
 */
record LocalFolder(ModelReference reference, String absolute, Part part, String contents)
    implements ModelSource {

  /** The folder of a path, relative to the JVM's working directory; reads no file. */
  static LocalFolder of(ModelReference reference, Path path) {
    return new LocalFolder(reference, path.toAbsolutePath().normalize().toString(), Part.WHOLE, "");
  }

  /** This folder with the present contents of its wanted files. */
  LocalFolder read(Part wanted) {
    return new LocalFolder(reference, absolute, wanted, contents(wanted));
  }

  private String contents(Part wanted) {
    StringBuilder stamps = new StringBuilder();
    Path templates = folder().resolve(ModelFiles.TEMPLATES);
    try (Stream<Path> files = Files.list(folder());
        Stream<Path> named =
            Files.isDirectory(templates) ? Files.list(templates) : Stream.empty()) {
      Set<String> there =
          Stream.concat(files, named)
              .filter(Files::isRegularFile)
              .map(file -> folder().relativize(file).toString().replace('\\', '/'))
              .collect(Collectors.toSet());
      for (String file :
          ModelFiles.wanted(
              there, wanted, index -> Files.newInputStream(folder().resolve(index)))) {
        FileStamp stamp = FileStamp.of(folder().resolve(file));
        stamps.append("%s %s %s%n".formatted(file, stamp.bytes(), stamp.crc32c()));
      }
    } catch (IOException e) {
      return ""; // the reader of the files will report the problem
    }
    return stamps.toString();
  }

  @Override
  public Path folder() {
    return Path.of(absolute);
  }

  @Override
  public void requireUnchanged() {
    ConfigException.require(
        contents.isEmpty() || contents(part).equals(contents),
        reference.flag(),
        name(),
        "its files are not those that the driver found: they changed since the run began, or this machine, %s, has others under %s; put the same files on all machines, leave them as they are while a run uses them, and start the run again"
            .formatted(NetUtils.getLocalHostname(), absolute));
  }
}
