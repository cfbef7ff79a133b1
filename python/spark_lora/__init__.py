"""LoRA fine-tuning of language models on Apache Spark, with the shapes of TRL, PEFT and datasets.

from spark_lora import SFTConfig, SFTTrainer, LoraConfig, GRPOConfig, GRPOTrainer, load_dataset
"""

from spark_lora import sql
from spark_lora.callbacks import TrainerCallback, TrainerControl, TrainerState
from spark_lora.configs import GRPOConfig, SFTConfig
from spark_lora.datasets import DatasetMixture, DatasetReference, load_dataset, load_datasets
from spark_lora.errors import SettingsError, SparkLoraError
from spark_lora.lora import LoraConfig
from spark_lora.session import jar, session, spark_conf
from spark_lora.stages import Evaluation, curate, evaluate, generate, prep, reward, select
from spark_lora.trainer import GRPOTrainer, SFTTrainer, TrainOutput

__version__ = "0.1.0"
__all__ = [
    "DatasetMixture",
    "DatasetReference",
    "Evaluation",
    "GRPOConfig",
    "GRPOTrainer",
    "LoraConfig",
    "SFTConfig",
    "SFTTrainer",
    "SettingsError",
    "SparkLoraError",
    "TrainOutput",
    "TrainerCallback",
    "TrainerControl",
    "TrainerState",
    "curate",
    "evaluate",
    "generate",
    "jar",
    "load_dataset",
    "load_datasets",
    "prep",
    "reward",
    "select",
    "session",
    "spark_conf",
    "sql",
]
