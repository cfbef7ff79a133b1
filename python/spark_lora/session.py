"""The Spark session and the jar: finds the existing ones, or starts an embedded session."""

import os
import re
import shlex
import signal
import sys
import threading
import zipfile
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import unquote

from spark_lora.errors import SparkLoraError
from spark_lora.settings import kind

JAR_NAME = "spark-lora.jar"
JAR_VARIABLE = "SPARK_LORA_JAR"
OPTIONS_IN_JAR = "org/sparklora/spark/run/jvm.options"
PLUGIN = "org.sparklora.spark.dl4j.GpuPlugin"
HERE = Path(__file__).resolve().parent

NO_CONNECT = (
    "this is a Spark Connect session: it has no JVM of its own and no RDDs, which training needs; run the script where a "
    "classic session can be opened, with spark-submit or SparkSession.builder.master(...), and unset SPARK_REMOTE"
)


def jar():
    """The path of spark-lora.jar: SPARK_LORA_JAR, spark.jars, one beside the package, or that of the installation or checkout it is of."""
    given = os.environ.get(JAR_VARIABLE)
    if given:
        if not Path(given).is_file():
            raise SparkLoraError(f"{JAR_VARIABLE} = {given}: there is no such file")
        return str(Path(given).resolve())
    submitted = _submitted()
    if submitted:
        return submitted
    roots = [HERE.parents[1]]  # of an installation, or of a checkout
    origin = HERE / "built_from.txt"
    if origin.is_file():
        roots.append(Path(origin.read_text().strip()))
    places = [HERE / "jars" / JAR_NAME]
    places += [root / folder / JAR_NAME for root in roots for folder in ("lib", "spark-job/target")]
    for place in places:
        if place.is_file():
            return str(place)
    raise SparkLoraError(
        f"{JAR_NAME} is in none of {', '.join(map(str, places))}; build it with `mvn -DskipTests package` in the "
        f"checkout, or name it in {JAR_VARIABLE} or spark.jars"
    )


def _submitted():
    """The jar that spark-submit was given, or will be."""
    from pyspark import SparkConf, SparkContext

    given = _submit_words()
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        SparkContext._ensure_initialized()  # a SparkConf is empty without the connection to the JVM
        given += [SparkConf().get(key, "") for key in ("spark.jars", "spark.yarn.dist.jars")]
    for path in ",".join(given).split(","):
        path = re.sub(r"^spark\.jars=", "", path)
        if path.startswith("file:"):  # spark-submit's form, in which a blank is %20
            path = unquote(re.sub("^file:(//)?", "", path))
        if re.search(r"spark-lora[^/]*\.jar$", path) and Path(path).is_file():
            return str(Path(path).resolve())
    return None


def _submit_words():
    """The words of PYSPARK_SUBMIT_ARGS, options apart from their values."""
    words = shlex.split(os.environ.get("PYSPARK_SUBMIT_ARGS", ""))
    return [part for word in words for part in (word.split("=", 1) if word.startswith("--") else [word])]


def spark_conf():
    """What a session of one's own needs, by key: the jar, the JVM's options, devices for executors.

    `for key, value in spark_lora.spark_conf().items(): builder = builder.config(key, value)`
    """
    path = jar()
    try:
        with zipfile.ZipFile(path) as archive:
            lines = archive.read(OPTIONS_IN_JAR).decode().splitlines()
    except (zipfile.BadZipFile, KeyError):
        raise SparkLoraError(f"{path} is no {JAR_NAME}; build it with `mvn -DskipTests package` in the checkout") from None
    options = " ".join(line for line in lines if line.strip() and not line.startswith("#"))
    return {
        "spark.jars": path,
        "spark.driver.defaultJavaOptions": options,
        "spark.executor.defaultJavaOptions": options,
        "spark.plugins": PLUGIN,
        # a task that waits for a slot near its data would hold up every other worker of the step
        "spark.locality.wait": "0",
    }


def session(spark=None):
    """A session on which spark-lora runs: the given one, the active one, another thread's, or a new one in this process.

    Raises SparkLoraError for a session of Spark Connect, of another Spark than 3.5, or without the jar.
    """
    import pyspark
    from pyspark.sql import SparkSession

    if not pyspark.__version__.startswith("3.5."):
        raise SparkLoraError(f"this is PySpark {pyspark.__version__}; spark-lora needs 3.5: pip install 'pyspark==3.5.*'")
    if spark is None:
        if os.environ.get("SPARK_REMOTE") or os.environ.get("SPARK_CONNECT_MODE_ENABLED"):
            raise SparkLoraError(NO_CONNECT)
        spark = SparkSession.getActiveSession() or _running() or embedded()
    if kind(spark).startswith("pyspark.sql.connect"):
        raise SparkLoraError(NO_CONNECT)
    if not isinstance(spark, SparkSession):
        raise TypeError(f"spark must be a SparkSession, not {kind(spark)}")
    # a name that is no class is a package to py4j
    if type(spark._jvm.org.sparklora.api.SparkLora).__name__ != "JavaClass":
        try:
            also = f" (or spark.jars = {jar()})"
        except SparkLoraError as missing:
            also = f"; {missing}"
        raise SparkLoraError(
            f"the session has no {JAR_NAME}, and its JVM takes none any more: start Python (a notebook: its kernel) anew, "
            f"and leave the session to the first trainer, or open it with spark_lora.spark_conf(){also}"
        )
    _quiet(spark._jvm)
    return spark


def _running():
    """The session of this process, which is active in its own thread only; getOrCreate() would change its settings."""
    from pyspark.sql import SparkSession

    running = SparkSession._instantiatedSession
    return running if running is not None and running._sc._jsc is not None else None


def _quiet(jvm):
    """JavaCPP warns in every run that ND4J's OpenBLAS is of another version than itself: known, and tested together."""
    log4j = jvm.org.apache.logging.log4j
    if type(log4j.core.config.Configurator).__name__ == "JavaClass":
        log4j.core.config.Configurator.setLevel("org.bytedeco.javacpp", log4j.Level.ERROR)


@contextmanager
def interruptible(end):
    """Has Ctrl-C, or a notebook's stop button, call `end` until what it holds has ended, and then raises KeyboardInterrupt.

    Raised at once it would leave the run going on, and the connection to the JVM broken.
    """
    if threading.current_thread() is not threading.main_thread():  # only that one hears of signals
        yield
        return
    before, done, stopped = signal.getsignal(signal.SIGINT), threading.Event(), []

    def cancel():  # by a connection of this thread's own; again, since there may be no job at the moment
        while not done.is_set():
            end()
            done.wait(0.2)

    def stop(*_):
        print("spark-lora: stopping the run", file=sys.stderr)
        if not stopped:
            stopped.append(True)
            canceller.start()

    canceller = threading.Thread(target=cancel, daemon=True)
    signal.signal(signal.SIGINT, stop)
    try:
        yield
    except Exception:
        if not stopped:
            raise
    finally:
        done.set()
        signal.signal(signal.SIGINT, before)
        if stopped:
            canceller.join(10)
    if stopped:
        raise KeyboardInterrupt from None


def embedded():
    """A session in this process, or on what spark-submit or PYSPARK_SUBMIT_ARGS say."""
    from pyspark import SparkConf, SparkContext
    from pyspark.sql import SparkSession

    settings = spark_conf()
    if "PYSPARK_GATEWAY_PORT" not in os.environ and _is_local():
        # One machine: nothing should depend on what its host name resolves to, or open ports to the outside.
        os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
        # glibc keeps freed memory in an arena for each thread; two are enough
        os.environ.setdefault("MALLOC_ARENA_MAX", "2")
        # Rewards in Python run where this does: PATH's python3 need not be that of this virtual environment.
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
        if os.environ.get("TMPDIR"):  # which a JVM does not look at
            settings["spark.driver.defaultJavaOptions"] += f' "-Djava.io.tmpdir={os.environ["TMPDIR"]}"'
        usual = {
            "spark.master": "local[*]",
            "spark.driver.memory": _heap(os.environ.get("SPARK_LORA_HEAP") or "2g"),
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
            "spark.ui.enabled": "false",
            "spark.sql.shuffle.partitions": "16",
        }
        settings.update({key: value for key, value in usual.items() if not _in_file(key)})  # which they would overrule
    stopped = "PYSPARK_GATEWAY_PORT" not in os.environ and SparkContext._gateway is not None  # a session of this process
    SparkContext._ensure_initialized(conf=SparkConf().setAll(settings.items()))
    running = SparkConf()  # the JVM's: what spark-submit was given stays, as do jars that it added
    builder = SparkSession.builder.appName("spark-lora")
    for key, value in settings.items():
        if stopped or not running.contains(key):
            builder = builder.config(key, value)
    return builder.getOrCreate()


def _heap(size):
    """As a JVM takes it, which has no unit of two letters and counts bytes without one, where Spark means mebibytes."""
    return re.sub("(?i)^([0-9]+)([kmgt]?)b?$", lambda found: found[1] + (found[2] or "m"), size.strip())


def _is_local():
    """Whether nothing names a master."""
    words = _submit_words()
    given = os.environ.get("MASTER") or "--master" in words or any(word.startswith("spark.master=") for word in words)
    return not given and not _in_file("spark.master")


def _in_file(key):
    """Whether spark-submit finds a setting in its file of properties: the one it is given, else its folder's spark-defaults.conf."""
    from pyspark.find_spark_home import _find_spark_home

    words = _submit_words()
    given = [after for word, after in zip(words, words[1:]) if word == "--properties-file"]
    folder = os.environ.get("SPARK_CONF_DIR") or os.path.join(_find_spark_home(), "conf")
    file = Path(given[-1] if given else os.path.join(folder, "spark-defaults.conf"))
    said = re.compile(rf"^\s*{re.escape(key)}[\s=:]", re.MULTILINE)  # not in a comment
    return file.is_file() and said.search(file.read_text(errors="replace")) is not None
