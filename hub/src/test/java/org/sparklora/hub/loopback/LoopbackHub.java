package org.sparklora.hub.loopback;

import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Stream;

/**
 * The hub and its storage: two servers with addresses of their own, as the real one has.
 *
 * <pre>
 * java -cp … org.sparklora.hub.loopback.LoopbackHub --port_file F [--root FOLDER] [--token TOKEN=USER]
 * </pre>
 *
 * <p>Started so, it serves {@code FOLDER/models/NAMESPACE/NAME} and {@code FOLDER/datasets/…},
 * writes its address into the port file, and takes faults at {@code POST /loopback/faults}.
 */
public final class LoopbackHub implements AutoCloseable {
  private final HttpServer hub;
  private final HttpServer storage;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Map<String, LoopbackRepo> repos = new ConcurrentHashMap<>();
  private final Map<String, String> accounts = new ConcurrentHashMap<>();
  private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  private final List<Moved> moved = new CopyOnWriteArrayList<>();
  private final LoopbackFaults faults = new LoopbackFaults();

  /** Entries of a page of a file list. */
  private volatile int pageSize = 1000;

  /** Large files above this go in parts of this size. */
  private volatile int partBytes = 5_000_000;

  private LoopbackHub(int port) throws IOException {
    hub = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    storage = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    LoopbackApi api = new LoopbackApi(this);
    LoopbackStorage large = new LoopbackStorage(this);
    serve(hub, "hub", api::handle);
    serve(storage, "storage", large::handle);
  }

  /** Starts on free ports. */
  public static LoopbackHub start() throws IOException {
    return new LoopbackHub(0);
  }

  private interface Handler {
    void handle(LoopbackExchange exchange) throws IOException;
  }

  private void serve(HttpServer server, String name, Handler handler) {
    server.setExecutor(threads);
    server.createContext(
        "/", http -> answer(new LoopbackExchange(name, http, faults), handler, http));
    server.start();
  }

  private static void answer(LoopbackExchange exchange, Handler handler, HttpExchange http)
      throws IOException {
    try {
      if (!exchange.failedAtOnce()) {
        handler.handle(exchange);
      }
    } catch (RuntimeException e) {
      e.printStackTrace();
      http.close();
      throw e;
    }
  }

  /** A new repository of models. */
  public LoopbackRepo model(String id) {
    return add("models", id);
  }

  /** A new repository of a dataset. */
  public LoopbackRepo dataset(String id) {
    return add("datasets", id);
  }

  LoopbackRepo add(String type, String id) {
    LoopbackRepo repo = new LoopbackRepo(type, id);
    repos.put(type + "/" + id, repo);
    return repo;
  }

  /** The repository, if there is one: {@code models} or {@code datasets}, and its name. */
  public Optional<LoopbackRepo> find(String type, String id) {
    return Optional.ofNullable(repos.get(type + "/" + id));
  }

  /**
   * Paths that moved.
   *
   * @param to an address, or a path of this server
   */
  record Moved(int status, String from, String to) {
    String of(String path) {
      return to + path.substring(from.length());
    }
  }

  /** Redirects paths that begin so. */
  public LoopbackHub move(int status, String from, String to) {
    moved.add(new Moved(status, from, to));
    return this;
  }

  /** Redirects what is asked of a repository's old name, as the hub does after it was renamed. */
  public LoopbackHub rename(String type, String from, String to) {
    String folder = type.equals("models") ? "/" : "/" + type + "/";
    return move(307, "/api/%s/%s".formatted(type, from), "/api/%s/%s".formatted(type, to))
        .move(307, folder + from, folder + to);
  }

  Optional<Moved> moved(String path) {
    return moved.stream().filter(rule -> path.startsWith(rule.from())).findFirst();
  }

  /** Lets a token stand for a user. */
  public LoopbackHub account(String token, String user) {
    accounts.put(token, user);
    return this;
  }

  Map<String, String> accounts() {
    return accounts;
  }

  /** Contents of large files by SHA-256. */
  Map<String, byte[]> objects() {
    return objects;
  }

  public LoopbackFaults faults() {
    return faults;
  }

  public LoopbackHub pageSize(int entries) {
    pageSize = entries;
    return this;
  }

  int pageSize() {
    return pageSize;
  }

  public LoopbackHub partBytes(int bytes) {
    partBytes = bytes;
    return this;
  }

  int partBytes() {
    return partBytes;
  }

  /** {@code HF_ENDPOINT}. */
  public String endpoint() {
    return address(hub);
  }

  String storageAddress() {
    return address(storage);
  }

  /** An address of the storage that needs no token. */
  String signed(String path) {
    return storageAddress() + "/" + path + "?signature=" + path.hashCode();
  }

  private static String address(HttpServer server) {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  @Override
  public void close() {
    hub.stop(0);
    storage.stop(0);
    threads.shutdownNow();
  }

  /** Adds the repositories of a folder: {@code models/NAMESPACE/NAME} and {@code datasets/…}. */
  public LoopbackHub load(Path root) throws IOException {
    for (String type : new String[] {"models", "datasets"}) {
      if (!Files.isDirectory(root.resolve(type))) {
        continue;
      }
      try (Stream<Path> files = Files.walk(root.resolve(type))) {
        for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
          Path relative = root.resolve(type).relativize(file);
          String id = relative.getName(0) + "/" + relative.getName(1);
          LoopbackRepo repo = find(type, id).orElseGet(() -> add(type, id));
          String path = relative.subpath(2, relative.getNameCount()).toString().replace('\\', '/');
          repo.put(path, Files.readAllBytes(file));
        }
      }
    }
    return this;
  }

  /** What a client that runs in another process wants to know and to let happen. */
  void control(LoopbackExchange exchange) throws IOException {
    if (exchange.path().equals("/loopback/faults")) {
      var wish = exchange.json();
      faults.add(
          LoopbackFaults.kind(wish.path("kind").asText()),
          wish.path("path").asText(),
          wish.path("value").asInt(),
          wish.path("times").asInt(1));
    } else if (exchange.path().equals("/loopback/repo")) {
      var wish = exchange.json();
      LoopbackRepo repo =
          add(wish.path("type").asText(), wish.path("id").asText()).put("config.json", "{}");
      if (wish.path("gated").asBoolean()) {
        repo.gated();
      }
      if (wish.path("xet").asBoolean()) {
        repo.xet();
      }
    } else if (exchange.path().equals("/loopback/rename")) {
      var wish = exchange.json();
      rename(wish.path("type").asText(), wish.path("from").asText(), wish.path("to").asText());
    }
    ObjectNode answer = LoopbackExchange.JSON.createObjectNode();
    answer.set("requests", LoopbackExchange.JSON.valueToTree(faults.requests()));
    exchange.answer(answer);
  }

  /** Serves until it is killed. */
  public static void main(String[] arguments) throws IOException {
    LoopbackHub server = start();
    Path portFile = null;
    for (int i = 0; i + 1 < arguments.length; i += 2) {
      String value = arguments[i + 1];
      switch (arguments[i]) {
        case "--root" -> server.load(Path.of(value));
        case "--token" -> server.account(value.split("=")[0], value.split("=")[1]);
        case "--page_size" -> server.pageSize(Integer.parseInt(value));
        case "--part_bytes" -> server.partBytes(Integer.parseInt(value));
        case "--port_file" -> portFile = Path.of(value);
        default -> throw new IllegalArgumentException("There is no flag " + arguments[i]);
      }
    }
    if (portFile != null) {
      try {
        Path aside = portFile.resolveSibling(portFile.getFileName() + ".part");
        Files.writeString(aside, server.endpoint());
        Files.move(aside, portFile);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    System.out.println(server.endpoint());
  }
}
