package org.sparklora.sweep;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.sparklora.observe.track.TrackingConfig;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.config.Settings;
import org.sparklora.pipeline.model.ModelReference;
import org.sparklora.pipeline.run.PathSettings;

/**
 * A sweep whose file was fully checked, before any table or trial is made.
 *
 * @param trials trials, not yet named
 */
public record SweepPlan(SweepFile file, String folder, List<Trial> trials) {
  public SweepPlan {
    trials = List.copyOf(trials);
  }

  /** Resolves the settings of trials as their commands would; implemented where trials run. */
  public interface Resolver {
    /**
     * The trial with the settings that its command would resolve, and with the folder of its
     * tables.
     *
     * @throws ConfigException if settings conflict, or the dataset does not exist
     */
    Trial resolved(Trial trial);

    /** The names of the metrics by which a {@link #resolved} trial can be compared. */
    List<String> logged(Trial trial);
  }

  /**
   * Checks everything that can be checked before a table is made.
   *
   * @param resolvers the resolver of the trials of a sweep in a folder
   * @throws ConfigException for a folder of another sweep, an axis that is not a flag, an invalid
   *     value of a flag, two equal trials, or a metric by which a trial is not compared
   */
  public static SweepPlan of(
      Configuration hadoop, SweepFile file, String folder, Function<String, Resolver> resolvers) {
    SweepFolder.requireFree(hadoop, folder, file);
    try {
      List<Trial> trials = TrialGrid.of(file, folder);
      String whole = qualified(hadoop, folder);
      Resolver resolver = resolvers.apply(whole);
      List<Trial> resolved = new ArrayList<>();
      for (Trial trial : trials) {
        PathSettings.require(trial.settings());
        ModelReference.requireFolders(trial.settings());
        Trial one = resolver.resolved(trial);
        file.metric().requireLogged(resolver.logged(one));
        file.halving().ifPresent(halving -> halving.requireBeforeEnd(one));
        resolved.add(one);
      }
      return new SweepPlan(file, whole, resolved);
    } catch (ConfigException e) {
      throw e.place().isEmpty() && !e.key().equals(Flags.OUTPUT_DIR.name())
          ? e.in(file.place())
          : e;
    }
  }

  private static String qualified(Configuration hadoop, String folder) {
    Path path = new Path(folder);
    try {
      FileSystem fileSystem = path.getFileSystem(hadoop);
      Path whole = fileSystem.makeQualified(path);
      return whole.toUri().getScheme().equals("file") ? whole.toUri().getPath() : whole.toString();
    } catch (IOException e) {
      throw new ConfigException(
          Flags.OUTPUT_DIR, folder, "it cannot be looked at (%s)".formatted(e.getMessage()));
    }
  }

  public List<Settings> settings() {
    return trials.stream().map(Trial::settings).toList();
  }

  /**
   * The trackers of the trials.
   *
   * @param trackers replaces {@code report_to} of the trials' settings
   * @throws ConfigException for an unknown tracker
   */
  public TrackingConfig tracking(Optional<List<String>> trackers) {
    Settings settings = trials.get(0).settings();
    return TrackingConfig.of(settings, trackers.orElseGet(() -> settings.get(Flags.REPORT_TO)));
  }

  /** A line for each flag of {@code base} without effect on any trial. */
  public List<String> notes() {
    List<String> notes = new ArrayList<>(trials.get(0).settings().notes());
    trials.forEach(trial -> notes.retainAll(trial.settings().notes()));
    return notes;
  }
}
