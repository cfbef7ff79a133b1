"""`python -m spark_lora` prints the path of the jar, for `spark-submit --jars`."""

from spark_lora.session import jar

print(jar())
