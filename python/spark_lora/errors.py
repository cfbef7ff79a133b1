"""Failures of the JVM as Python's, with the one line that the command line prints."""

from contextlib import contextmanager


class SparkLoraError(RuntimeError):
    """What the JVM failed with. `java_trace` is its stack trace, for who looks for the cause."""

    java_trace = ""


class SettingsError(SparkLoraError, ValueError):
    """A setting cannot be used: the message names it, its value and what to do."""


@contextmanager
def one_line(jvm):
    """Does what it holds; the JVM's exceptions leave it as SparkLoraError or SettingsError."""
    from py4j.protocol import Py4JJavaError, Py4JNetworkError
    from pyspark.errors.exceptions.captured import CapturedException

    try:
        yield
    except Py4JJavaError as e:
        error = translated(jvm, e.java_exception)
    except CapturedException as e:
        if e._origin is None:
            raise
        error = translated(jvm, e._origin)
    except Py4JNetworkError as e:
        error = SparkLoraError(f"the JVM does not answer any more ({e}); its own last lines say why")
    else:
        return
    raise error from None


def translated(jvm, exception):
    failure = jvm.org.sparklora.api.Failure
    kind = SettingsError if failure.isOfSettings(exception) else SparkLoraError
    error = kind(failure.message(exception))
    error.java_trace = jvm.org.apache.spark.util.Utils.exceptionString(exception)
    return error
