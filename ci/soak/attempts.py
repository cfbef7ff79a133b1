"""One run of the soak as Airflow's task: the operator of conf/airflow with retries, in a real Airflow, whose DAGs' folder is
that of this file. SOAK_COMMAND holds the command with its flags, SOAK_PROPERTIES Spark's properties, both as JSON.

Ends with 0 when an attempt succeeded. Each attempt of the task is one spark-submit of the same command.
"""

import json
import os
import sys
from datetime import datetime, timedelta

from airflow.sdk import DAG

from spark_lora_operator import SparkLoraOperator

RETRIES = 30  # each of them is refused at once while an earlier attempt's driver lives

with DAG("soak", schedule=None, start_date=datetime(2026, 1, 1), catchup=False) as dag:
    SparkLoraOperator(
        task_id="run",
        arguments=json.loads(os.environ["SOAK_COMMAND"]),
        conf=json.loads(os.environ["SOAK_PROPERTIES"]),
        retries=RETRIES,
        retry_delay=timedelta(seconds=1),
    )

if __name__ == "__main__":
    from airflow.dag_processing.dagbag import DagBag

    sys.exit(0 if str(DagBag(dag_folder=__file__).dags["soak"].test().state) == "success" else 1)
