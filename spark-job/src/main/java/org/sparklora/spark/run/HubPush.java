package org.sparklora.spark.run;

import java.io.IOException;
import java.nio.file.Files;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.hub.HubClient;
import org.sparklora.hub.HubConfig;
import org.sparklora.hub.HubException;
import org.sparklora.hub.HubRepo;
import org.sparklora.hub.HubUpload;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.run.LocalCopy;
import org.sparklora.pipeline.run.Progress;
import org.sparklora.pipeline.run.RunFolder;
import org.sparklora.pipeline.table.TableException;
import org.sparklora.train.resume.Checkpoint;

/**
 * Pushes a run to the hub: the model of each checkpoint if wanted, and the results. A checkpoint
 * that cannot be pushed causes a warning. Results that cannot be pushed stay complete in their
 * folder, and the message says how to push them later.
 */
public final class HubPush implements RunFolder.SaveListener {
  private static final long LOOK_MILLIS = 50;
  private static final Logger LOG = LoggerFactory.getLogger(HubPush.class);

  private final Configuration hadoop;
  private final PushConfig config;
  private final HubUpload upload;
  private final HubRepo repository;

  /** Pushes one after the other on a separate thread: training does not wait for the hub. */
  private final ExecutorService pushes =
      Executors.newSingleThreadExecutor(
          task -> {
            Thread thread = new Thread(task, "spark-lora-push");
            thread.setDaemon(true);
            return thread;
          });

  /** Steps of checkpoints that are queued or being pushed. */
  private final Set<Integer> unpushed = ConcurrentHashMap.newKeySet();

  /** Number of failed pushes of checkpoints; checkpoints queued before a failure are skipped. */
  private final AtomicInteger failures = new AtomicInteger();

  private HubPush(Configuration hadoop, PushConfig config, HubUpload upload, HubRepo repository) {
    this.hadoop = hadoop;
    this.config = config;
    this.upload = upload;
    this.repository = repository;
  }

  /**
   * Creates the repository and the branch, unless they exist: a failure should show before hours of
   * training.
   *
   * @throws HubException if the token is missing, or does not allow this
   */
  public static HubPush open(Configuration hadoop, PushConfig config) {
    HubClient client = new HubClient(HubConfig.ofEnvironment().withToken(config.token()));
    HubUpload upload = new HubUpload(client, Progress.ofTransfer());
    HubRepo repository = upload.repository(HubRepo.Type.MODEL, config.repository());
    upload.create(repository, config.isPrivate());
    upload.createBranch(repository, config.branch());
    return new HubPush(hadoop, config, upload, repository);
  }

  @Override
  public void checkpointSaved(int step, Path checkpoint) {
    if (config.strategy() != PushConfig.Strategy.EVERY_SAVE) {
      return;
    }
    int before = failures.get();
    unpushed.add(step);
    pushes.execute(
        () -> {
          try {
            if (failures.get() > before) {
              throw new TableException("the hub did not take one before it");
            }
            push(
                checkpoint,
                name -> !Checkpoint.isForResuming(name),
                "Training in progress, step " + step);
          } catch (HubException | TableException e) {
            failures.incrementAndGet();
            LOG.warn("Checkpoint {} was not pushed, training goes on: {}", step, e.getMessage());
          } finally {
            unpushed.remove(step);
          }
        });
  }

  @Override
  public boolean reads(int step) {
    return unpushed.contains(step);
  }

  /** Waits for the queued checkpoints, unless the user stops the run. */
  @Override
  public void close() {
    if (!unpushed.isEmpty()) {
      LOG.info("Checkpoints {} are pushed to the hub before the run ends", unpushed);
    }
    pushes.shutdown();
    try {
      boolean over = false;
      while (!over && !Interruption.isRequested()) {
        over = pushes.awaitTermination(LOOK_MILLIS, TimeUnit.MILLISECONDS);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Pushes the results after the queued checkpoints. */
  @Override
  public void resultsSaved(Path folder) {
    try {
      pushes.submit(() -> pushResults(folder)).get();
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException failure
          ? failure
          : new IllegalStateException(e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new TableException(
          "The results are whole in %s, but the push was interrupted".formatted(folder), e);
    }
  }

  /**
   * Pushes a run's folder without its checkpoints and the tables of its rounds.
   *
   * @return repository, branch and commit
   * @throws TableException if the push fails; the message has the command that repeats it
   */
  public String pushResults(Path folder) {
    try {
      String commit = push(folder, RunFolder::isResult, "End of training");
      String address =
          "%s (branch %s, commit %s)".formatted(repository.id(), config.branch(), commit);
      LOG.info("Pushed {} to {}", folder, address);
      return address;
    } catch (HubException e) {
      throw new TableException(
          "The results are whole in %s, but were not pushed: %s. Push them with: %s"
              .formatted(folder, e.getMessage(), command(folder, repository, config.branch())),
          e);
    }
  }

  /** The command that pushes a folder's results, in a shell's words. */
  static String command(Path folder, HubRepo repository, String branch) {
    String path = folder.toString();
    String word = path.matches("[\\w@%+=:,./-]+") ? path : "'" + path.replace("'", "'\\''") + "'";
    return "bin/spark-lora push --input %s --hub_model_id %s --hub_revision %s"
        .formatted(word, repository.id(), branch);
  }

  private String push(Path folder, Predicate<String> wanted, String summary) {
    try (LocalCopy copy = LocalCopy.of(hadoop, folder, wanted)) {
      ConfigException.require(
          Stream.of("adapter_config.json", "config.json")
              .anyMatch(name -> Files.exists(copy.folder().resolve(name))),
          Flags.INPUT,
          folder,
          "it has no adapter and no model, since its run has not ended; go on with it first");
      return upload.push(repository, config.branch(), copy.folder(), wanted, summary);
    } catch (IOException e) {
      throw new TableException(
          "Cannot read %s for a push (%s): check rights and room".formatted(folder, e.getMessage()),
          e);
    }
  }
}
