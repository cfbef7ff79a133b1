package org.sparklora.train.vllm;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sparklora.model.engine.Engine;
import org.sparklora.model.engine.Engines;
import org.sparklora.model.generate.SamplingConfig;
import org.sparklora.model.lora.AdapterBase;
import org.sparklora.model.lora.AdapterFile;
import org.sparklora.model.lora.AdapterLayout;
import org.sparklora.pipeline.config.ConfigException;
import org.sparklora.pipeline.config.Flags;
import org.sparklora.pipeline.run.Interruption;
import org.sparklora.pipeline.table.Prompt;
import org.sparklora.train.TrainedModel;
import org.sparklora.train.grpo.Sampler;
import org.sparklora.train.vector.FlatVector;

/**
 * The vLLM servers of a run, on the driver. {@link #open} checks them before the run begins; {@link
 * #sampler} makes them hold a policy: the adapter is written as PEFT does, renamed into place, and
 * loaded by all servers that answer, or by none if one refuses it.
 *
 * <p>Not thread-safe.
 */
public final class VllmServers implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(VllmServers.class);

  /** A text that tokenizers encode differently: words, digits, spaces, accents and a script. */
  private static final String TEXT = "Löse 12345 + 67 = ?\n  def f(x):\treturn x**2  你好";

  /** Times that all servers are asked to load an adapter, until one does. */
  private static final int MOST_LOADS = 3;

  private static final int ADAPTER_NAME = 8; // characters that tell runs apart

  private final TrainedModel model;
  private final VllmConfig config;
  private final List<VllmServer> servers;
  private final String run = "policy-" + UUID.randomUUID().toString().substring(0, ADAPTER_NAME);
  private String base; // the base model's name on the servers
  private Optional<VllmSampler> current = Optional.empty();
  private AdapterBase trainedOn; // null until an adapter is written

  private VllmServers(VllmConfig config, TrainedModel model) {
    this.model = model;
    this.config = config;
    String key = Optional.ofNullable(System.getenv(VllmServer.KEY)).orElse("");
    this.servers =
        config.urls().stream().map(url -> new VllmServer(url, key, config.timeout())).toList();
  }

  /** Waits for the servers and checks them; a {@link ConfigException} says what one lacks. */
  public static VllmServers open(
      VllmConfig config, TrainedModel model, List<Prompt> prompts, SamplingConfig sampling) {
    VllmServers opened = new VllmServers(config, model);
    try {
      for (VllmServer server : opened.servers) {
        opened.awaitUp(server);
        opened.check(server, prompts, sampling);
      }
      if (model.lora().isPresent()) {
        opened.withdrawLeftOver();
        // an adapter that changes nothing, to see it loaded
        try (FlatVector zeros = new FlatVector(model.layout().size())) {
          opened.sampler(zeros, "check");
        }
      }
      return opened;
    } catch (RuntimeException e) {
      opened.close();
      throw e;
    }
  }

  private void awaitUp(VllmServer server) {
    long end = System.nanoTime() + config.timeout().toNanos();
    while (!server.isHealthy()) {
      if (System.nanoTime() - end > 0) {
        throw ConfigException.passing(
            Flags.VLLM_SERVER_BASE_URL,
            server,
            "no answer with status 200 to /health within %s s (--%s); start it with vllm serve, and look whether this machine reaches it"
                .formatted(config.timeout().toSeconds(), Flags.VLLM_SERVER_TIMEOUT));
      }
      pause();
    }
  }

  private static void pause() {
    try {
      Thread.sleep(500);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Interruption.check();
  }

  /** Checks all that a server says about itself, and draws one token. */
  private void check(VllmServer server, List<Prompt> prompts, SamplingConfig sampling) {
    try {
      VllmServer.Model served = baseOf(server);
      if (base != null && !base.equals(served.id())) {
        throw server.refused(
            "it calls its model %s, and %s calls it %s; give all servers one --served-model-name"
                .formatted(served.id(), servers.get(0), base));
      }
      base = served.id();
      int longest = prompts.stream().mapToInt(prompt -> prompt.tokens().length).max().orElse(1);
      int needed = longest + sampling.maxCompletionLength();
      if (served.maxLength() > 0 && served.maxLength() < needed) {
        throw server.refused(
            "it holds %s tokens, and prompts of up to %s with --%s %s need %s; start it with --max-model-len %s, or lower the latter"
                .formatted(
                    served.maxLength(),
                    longest,
                    Flags.MAX_COMPLETION_LENGTH,
                    sampling.maxCompletionLength(),
                    needed,
                    needed));
      }
      if (!Arrays.equals(server.tokens(base, TEXT), model.tokenizer().encode(TEXT, false))) {
        throw server.refused(
            "its model %s (%s) has another tokenizer than %s; serve the model of --%s"
                .formatted(
                    base, served.root(), model.checkpoint().name(), Flags.MODEL_NAME_OR_PATH));
      }
      if (!prompts.isEmpty()) {
        draw(server, prompts.get(0), sampling);
      }
    } catch (IOException e) {
      Interruption.check();
      throw server.refused(
          "it fails (%s); is it vLLM 0.10.2 or newer, which returns token ids?"
              .formatted(e.getMessage()));
    }
  }

  private void draw(VllmServer server, Prompt prompt, SamplingConfig sampling) throws IOException {
    server.complete(
        ofBase(List.of(server)),
        new org.sparklora.model.generate.Prompt(prompt.id(), prompt.tokens()),
        new SamplingConfig(1, 1, sampling.rule(), sampling.endTokens(), sampling.seed()));
  }

  /** The server's base model: that of this run's name, else the first. */
  private VllmServer.Model baseOf(VllmServer server) throws IOException {
    String name = model.checkpoint().name();
    List<VllmServer.Model> bases =
        server.models().stream().filter(one -> !one.isAdapter()).toList();
    VllmServer.Model chosen =
        bases.stream()
            .filter(one -> one.id().equals(name) || one.root().equals(name))
            .findFirst()
            .or(() -> bases.stream().findFirst())
            .orElseThrow(() -> server.refused("it offers no model; start it with vllm serve"));
    if (!lastName(chosen.id()).equals(lastName(name))
        && !lastName(chosen.root()).equals(lastName(name))) {
      LOG.warn(
          "{} serves {} ({}), and this command names {}: unless these are the same weights, what comes out is another model's",
          server,
          chosen.id(),
          chosen.root(),
          name);
    }
    return chosen;
  }

  private static String lastName(String path) {
    return path.replaceFirst("@[^@/]*$", "").replaceFirst("/+$", "").replaceFirst("^.*/", "");
  }

  /** The copy of a policy on one server. */
  public record Named(String url, Sampler sampler) {}

  /** The copies of a policy, so that each can be compared with it. */
  public List<Named> each(Sampler policy) {
    VllmSampler all = (VllmSampler) policy;
    return all.servers().stream().map(one -> new Named(one.url(), all.on(List.of(one)))).toList();
  }

  /**
   * The policy of these parameters. The previous policy's adapter leaves the servers and the disk.
   *
   * @param parameters of the model's trained part; not read if the servers have this version
   * @param version names the parameters among those of the run
   * @throws ConfigException if no server is up, one refuses the adapter (then none keeps it), or
   *     the folder cannot be written
   */
  public Sampler sampler(FlatVector parameters, String version) {
    if (model.lora().isEmpty()) {
      return ofBase(up());
    }
    String name = run + "-" + version;
    if (current.isPresent() && current.get().model().equals(name)) {
      return current.get();
    }
    VllmSampler made = load(name, write(name, parameters));
    withdraw();
    current = Optional.of(made);
    return made;
  }

  private VllmSampler ofBase(List<VllmServer> some) {
    return new VllmSampler(some, base, "", model.config().vocabSize());
  }

  private List<VllmServer> up() {
    // a second probe, since a single failed one does not mean that the server is down
    List<VllmServer> up =
        servers.stream().filter(server -> server.isHealthy() || server.isHealthy()).toList();
    Interruption.check(); // an interrupted probe fails at a healthy server, too
    servers.stream()
        .filter(server -> !up.contains(server))
        .forEach(server -> LOG.warn("vLLM's server {} is down; the others do its work", server));
    if (up.isEmpty()) {
      throw ConfigException.passing(
          Flags.VLLM_SERVER_BASE_URL,
          String.join(",", config.urls()),
          "none of the servers answers /health; start them again, and " + VllmServer.AGAIN);
    }
    return up;
  }

  private VllmSampler load(String name, Path folder) {
    List<VllmServer> loaded = new ArrayList<>();
    try {
      List<VllmServer> up = List.of();
      for (int load = 0; load < MOST_LOADS && loaded.isEmpty(); load++) {
        if (load > 0) {
          pause();
        }
        up = up();
        for (VllmServer server : up) {
          try {
            server.load(name, folder);
            loaded.add(server);
          } catch (IOException e) {
            LOG.warn("vLLM's server {} does not load {}: it {}", server, folder, e.getMessage());
          }
        }
      }
      if (loaded.isEmpty()) {
        throw ConfigException.passing(
            Flags.VLLM_SERVER_BASE_URL,
            up.stream().map(VllmServer::url).collect(Collectors.joining(",")),
            "no server loaded the adapter %s; see their logs, and %s"
                .formatted(folder, VllmServer.AGAIN));
      }
    } catch (RuntimeException e) {
      loaded.forEach(server -> server.unload(name));
      delete(folder);
      throw e;
    }
    return new VllmSampler(loaded, name, folder.toString(), model.config().vocabSize());
  }

  /** Writes an adapter beside its place, then renames it, so that no server sees half of it. */
  private Path write(String name, FlatVector parameters) {
    Path folder = config.folder().resolve(name);
    Path part = config.folder().resolve("." + name);
    try {
      if (trainedOn == null) {
        trainedOn = AdapterBase.of(model.checkpoint().name(), model.checkpoint().folder());
      }
      Engine engine = Engines.host();
      AdapterFile.write(
          part,
          (AdapterLayout) model.layout(),
          engine.alias(parameters.pointer(), parameters.size()).tensor(),
          trainedOn);
      return Files.move(part, folder, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException | UncheckedIOException e) {
      delete(part);
      Interruption.check(); // an interrupt closes the file
      throw new ConfigException(
          Flags.VLLM_ADAPTER_DIR,
          config.folder(),
          "the adapter cannot be written (%s); make room, or name a folder that this process may write and the servers see"
              .formatted(e));
    }
  }

  /** Removes the adapters that an earlier process left when it was killed. */
  private void withdrawLeftOver() {
    if (config.isOwnDir() && Files.isDirectory(config.folder())) {
      try (Stream<Path> left = Files.list(config.folder())) {
        for (Path folder : left.toList()) {
          servers.forEach(server -> server.unload(folder.getFileName().toString()));
          delete(folder);
        }
      } catch (IOException e) {
        LOG.debug("{} cannot be listed", config.folder(), e);
      }
    }
  }

  private void withdraw() {
    current.ifPresent(
        old -> {
          servers.forEach(server -> server.unload(old.model()));
          delete(Path.of(old.adapter()));
        });
    current = Optional.empty();
  }

  private static void delete(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.toList()) {
        Files.delete(file);
      }
      Files.delete(folder);
    } catch (IOException e) {
      LOG.debug("{} stays", folder, e);
    }
  }

  /** Takes the policy from the servers and the disk. */
  @Override
  public void close() {
    withdraw();
    if (model.lora().isPresent() && config.isOwnDir()) {
      delete(config.folder());
    }
  }
}
