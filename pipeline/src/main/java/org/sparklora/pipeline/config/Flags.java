package org.sparklora.pipeline.config;

import java.util.List;
import java.util.Set;

/**
 * Constants for the flags with an effect. {@code flags.tsv} declares each flag, and also TRL's
 * flags without an effect, which have no constant.
 */
public final class Flags {

  // Model
  public static final Flag<String> MODEL_NAME_OR_PATH = text("model_name_or_path");
  public static final Flag<String> DTYPE = text("dtype");
  public static final Flag<String> ENGINE = text("engine");
  public static final Flag<String> MODEL_REVISION = text("model_revision");
  public static final Flag<Double> ROUTER_AUX_LOSS_COEF = number("router_aux_loss_coef");
  public static final Flag<Boolean> LOAD_IN_4BIT = toggle("load_in_4bit");
  public static final Flag<Boolean> USE_BNB_NESTED_QUANT = toggle("use_bnb_nested_quant");

  // LoRA
  public static final Flag<Boolean> USE_PEFT = toggle("use_peft");
  public static final Flag<Integer> LORA_R = integer("lora_r");
  public static final Flag<String> LORA_RANK_PATTERN = text("lora_rank_pattern");
  public static final Flag<Integer> LORA_RANK_PER_EXPERT = integer("lora_rank_per_expert");
  public static final Flag<Integer> LORA_ALPHA = integer("lora_alpha");
  public static final Flag<String> LORA_ALPHA_PATTERN = text("lora_alpha_pattern");
  public static final Flag<Double> LORA_DROPOUT = number("lora_dropout");
  public static final Flag<List<String>> LORA_TARGET_MODULES = texts("lora_target_modules");
  public static final Flag<Boolean> USE_RSLORA = toggle("use_rslora");

  // Data
  public static final Flag<String> DATASET_NAME = text("dataset_name");
  public static final Flag<String> DATASETS = text("datasets");
  public static final Flag<String> DATASET_TEXT_FIELD = text("dataset_text_field");
  public static final Flag<Integer> MAX_LENGTH = integer("max_length");
  public static final Flag<Boolean> PACKING = toggle("packing");
  public static final Flag<String> PACKING_STRATEGY = text("packing_strategy");
  public static final Flag<Boolean> PACK_WITHIN_SOURCE = toggle("pack_within_source");
  public static final Flag<Boolean> COMPLETION_ONLY_LOSS = toggle("completion_only_loss");
  public static final Flag<Boolean> ASSISTANT_ONLY_LOSS = toggle("assistant_only_loss");
  public static final Flag<String> EOS_TOKEN = text("eos_token");
  public static final Flag<String> CHAT_TEMPLATE_PATH = text("chat_template_path");
  public static final Flag<String> CHAT_TEMPLATE_KWARGS = text("chat_template_kwargs");
  public static final Flag<String> TRUNCATION_MODE = text("truncation_mode");
  public static final Flag<String> DATASET_TRAIN_SPLIT = text("dataset_train_split");
  public static final Flag<String> DATASET_TEST_SPLIT = text("dataset_test_split");
  public static final Flag<String> DATASET_CONFIG = text("dataset_config");
  public static final Flag<String> DATASET_REVISION = text("dataset_revision");
  public static final Flag<String> DATASET_FORMAT = text("dataset_format");
  public static final Flag<String> DATASET_FILTER = text("dataset_filter");
  public static final Flag<String> DATASET_COLUMNS = text("dataset_columns");
  public static final Flag<String> DATASET_ORDER = text("dataset_order");
  public static final Flag<Boolean> SHUFFLE_DATASET = toggle("shuffle_dataset");
  public static final Flag<Boolean> EVAL_PACKING = toggle("eval_packing");

  // Training
  public static final Flag<Double> LEARNING_RATE = number("learning_rate");
  public static final Flag<String> LR_SCHEDULER_TYPE = text("lr_scheduler_type");
  public static final Flag<String> LR_SCHEDULER_KWARGS = text("lr_scheduler_kwargs");
  public static final Flag<Double> WARMUP_STEPS = number("warmup_steps");
  public static final Flag<Double> WARMUP_RATIO = number("warmup_ratio");
  public static final Flag<Double> NUM_TRAIN_EPOCHS = number("num_train_epochs");
  public static final Flag<Integer> MAX_STEPS = integer("max_steps");
  public static final Flag<Integer> PER_DEVICE_TRAIN_BATCH_SIZE =
      integer("per_device_train_batch_size");
  public static final Flag<Integer> GRADIENT_ACCUMULATION_STEPS =
      integer("gradient_accumulation_steps");
  public static final Flag<Double> WEIGHT_DECAY = number("weight_decay");
  public static final Flag<Double> ADAM_BETA1 = number("adam_beta1");
  public static final Flag<Double> ADAM_BETA2 = number("adam_beta2");
  public static final Flag<Double> ADAM_EPSILON = number("adam_epsilon");
  public static final Flag<Double> MAX_GRAD_NORM = number("max_grad_norm");
  public static final Flag<String> OPTIM = text("optim");
  public static final Flag<String> LOSS_TYPE = text("loss_type");
  public static final Flag<String> TRAIN_SAMPLING_STRATEGY = text("train_sampling_strategy");
  public static final Flag<Integer> SEED = integer("seed");
  public static final Flag<Integer> DATA_SEED = integer("data_seed");
  public static final Flag<Boolean> GRADIENT_CHECKPOINTING = toggle("gradient_checkpointing");
  public static final Flag<Boolean> BF16 = toggle("bf16");
  public static final Flag<Boolean> FULL_DETERMINISM = toggle("full_determinism");

  // Output and logging
  public static final Flag<String> OUTPUT_DIR = text("output_dir");
  public static final Flag<String> OUTPUT_TABLE = text("output_table");
  public static final Flag<Boolean> OVERWRITE_OUTPUT_TABLE = toggle("overwrite_output_table");
  public static final Flag<Boolean> OVERWRITE_OUTPUT_DIR = toggle("overwrite_output_dir");
  public static final Flag<Double> LOGGING_STEPS = number("logging_steps");
  public static final Flag<String> LOGGING_STRATEGY = text("logging_strategy");
  public static final Flag<Boolean> LOGGING_FIRST_STEP = toggle("logging_first_step");
  public static final Flag<String> RUN_NAME = text("run_name");
  public static final Flag<Boolean> DISABLE_TQDM = toggle("disable_tqdm");
  public static final Flag<List<String>> REPORT_TO = texts("report_to");
  public static final Flag<Boolean> PUSH_TO_HUB = toggle("push_to_hub");
  public static final Flag<String> HUB_MODEL_ID = text("hub_model_id");
  public static final Flag<String> HUB_STRATEGY = text("hub_strategy");
  public static final Flag<String> HUB_TOKEN = text("hub_token");
  public static final Flag<Boolean> HUB_PRIVATE_REPO = toggle("hub_private_repo");
  public static final Flag<String> HUB_REVISION = text("hub_revision");
  public static final Flag<String> PROJECT = text("project");
  public static final Flag<String> REGISTERED_MODEL_NAME = text("registered_model_name");
  public static final Flag<String> SAVE_STRATEGY = text("save_strategy");
  public static final Flag<Double> SAVE_STEPS = number("save_steps");
  public static final Flag<Integer> SAVE_TOTAL_LIMIT = integer("save_total_limit");
  public static final Flag<Boolean> SAVE_ONLY_MODEL = toggle("save_only_model");
  public static final Flag<String> RESUME_FROM_CHECKPOINT = text("resume_from_checkpoint");
  public static final Flag<Boolean> LOAD_BEST_MODEL_AT_END = toggle("load_best_model_at_end");
  public static final Flag<String> METRIC_FOR_BEST_MODEL = text("metric_for_best_model");
  public static final Flag<Boolean> GREATER_IS_BETTER = toggle("greater_is_better");

  // Evaluation
  public static final Flag<String> EVAL_STRATEGY = text("eval_strategy");
  public static final Flag<Integer> PER_DEVICE_EVAL_BATCH_SIZE =
      integer("per_device_eval_batch_size");
  public static final Flag<Integer> NUM_GENERATIONS_EVAL = integer("num_generations_eval");
  public static final Flag<Double> EVAL_DELAY = number("eval_delay");
  public static final Flag<Double> EVAL_STEPS = number("eval_steps");
  public static final Flag<Boolean> EVAL_ON_START = toggle("eval_on_start");

  // Spark
  public static final Flag<String> SYNC = text("sync");
  public static final Flag<Integer> AVERAGING_FREQUENCY = integer("averaging_frequency");
  public static final Flag<String> OUTER_OPTIMIZER = text("outer_optimizer");
  public static final Flag<Double> OUTER_LEARNING_RATE = number("outer_learning_rate");
  public static final Flag<Double> OUTER_MOMENTUM = number("outer_momentum");
  public static final Flag<String> INNER_MOMENTS = text("inner_moments");
  public static final Flag<Boolean> DEAL_BY_SPEED = toggle("deal_by_speed");
  public static final Flag<String> AVERAGING_DTYPE = text("averaging_dtype");
  public static final Flag<Integer> NUM_WORKERS = integer("num_workers");
  public static final Flag<Boolean> CHECK_MEMORY = toggle("check_memory");
  public static final Flag<String> MASTER = text("master");
  public static final Flag<String> ADAPTER_NAME_OR_PATH = text("adapter_name_or_path");
  public static final Flag<String> TOKENIZER_DIALECT = text("tokenizer_dialect");
  public static final Flag<String> STAGING_DIR = text("staging_dir");
  public static final Flag<String> PACKED_DIR = text("packed_dir");
  public static final Flag<String> PROMPTS_DIR = text("prompts_dir");

  // Data, beyond TRL
  public static final Flag<String> TASK = text("task");
  public static final Flag<String> MESSAGES_COLUMN = text("messages_column");
  public static final Flag<String> PROMPT_COLUMN = text("prompt_column");
  public static final Flag<String> COMPLETION_COLUMN = text("completion_column");
  public static final Flag<Integer> PACKING_BATCH_SIZE = integer("packing_batch_size");
  public static final Flag<Boolean> USE_SYSTEM_COLUMN = toggle("use_system_column");
  public static final Flag<String> ON_BAD_ROWS = text("on_bad_rows");

  // Curation
  public static final Flag<String> FILTER = text("filter");
  public static final Flag<Boolean> EXACT_DUPLICATES = toggle("exact_duplicates");
  public static final Flag<Double> NEAR_DUPLICATES = number("near_duplicates");
  public static final Flag<String> KEEP = text("keep");
  public static final Flag<String> SCORE_COLUMN = text("score_column");
  public static final Flag<List<String>> DECONTAMINATE = texts("decontaminate");
  public static final Flag<Double> MIN_PASS_RATE = number("min_pass_rate");
  public static final Flag<Double> MAX_PASS_RATE = number("max_pass_rate");
  public static final Flag<Integer> MAX_COMPLETIONS_PER_PROMPT =
      integer("max_completions_per_prompt");
  public static final Flag<Double> MIN_REWARD = number("min_reward");
  public static final Flag<Boolean> MAJORITY_VOTE = toggle("majority_vote");

  // Rewards
  public static final Flag<List<String>> REWARD_FUNCS = texts("reward_funcs");
  public static final Flag<List<Double>> REWARD_WEIGHTS = numbers("reward_weights");
  public static final Flag<String> REWARD_DIALECT = text("reward_dialect");
  public static final Flag<Double> REWARD_BUDGET_SECONDS = number("reward_budget_seconds");
  public static final Flag<String> SCALE_REWARDS = text("scale_rewards");
  public static final Flag<String> MULTI_OBJECTIVE_AGGREGATION =
      text("multi_objective_aggregation");
  public static final Flag<Integer> NUM_GENERATIONS = integer("num_generations");
  public static final Flag<String> OUTPUT_FORMAT = text("output_format");

  // Generation
  public static final Flag<Integer> MAX_COMPLETION_LENGTH = integer("max_completion_length");
  public static final Flag<Double> TEMPERATURE = number("temperature");
  public static final Flag<Double> TOP_P = number("top_p");
  public static final Flag<Integer> TOP_K = integer("top_k");
  public static final Flag<Double> MIN_P = number("min_p");
  public static final Flag<Double> REPETITION_PENALTY = number("repetition_penalty");
  public static final Flag<Boolean> IGNORE_EOS = toggle("ignore_eos");
  public static final Flag<List<Integer>> PASS_K = integers("pass_k");
  public static final Flag<String> CHECKPOINTS = text("checkpoints");
  public static final Flag<List<String>> BY = texts("by");

  // GRPO
  public static final Flag<Double> BETA = number("beta");
  public static final Flag<Double> EPSILON = number("epsilon");
  public static final Flag<Double> EPSILON_HIGH = number("epsilon_high");
  public static final Flag<Double> DELTA = number("delta");
  public static final Flag<Boolean> USE_BIAS_CORRECTION_KL = toggle("use_bias_correction_kl");
  public static final Flag<String> IMPORTANCE_SAMPLING_LEVEL = text("importance_sampling_level");
  public static final Flag<Double> TOP_ENTROPY_QUANTILE = number("top_entropy_quantile");
  public static final Flag<Double> OFF_POLICY_MASK_THRESHOLD = number("off_policy_mask_threshold");
  public static final Flag<Double> VESPO_K_POS = number("vespo_k_pos");
  public static final Flag<Double> VESPO_LAMBDA_POS = number("vespo_lambda_pos");
  public static final Flag<Double> VESPO_K_NEG = number("vespo_k_neg");
  public static final Flag<Double> VESPO_LAMBDA_NEG = number("vespo_lambda_neg");
  public static final Flag<Double> SAPO_TEMPERATURE_POS = number("sapo_temperature_pos");
  public static final Flag<Double> SAPO_TEMPERATURE_NEG = number("sapo_temperature_neg");
  public static final Flag<Boolean> MASK_TRUNCATED_COMPLETIONS =
      toggle("mask_truncated_completions");
  public static final Flag<Integer> NUM_ITERATIONS = integer("num_iterations");
  public static final Flag<Integer> STEPS_PER_GENERATION = integer("steps_per_generation");
  public static final Flag<Integer> GENERATION_BATCH_SIZE = integer("generation_batch_size");
  public static final Flag<Integer> ROUND = integer("round");
  public static final Flag<Integer> MAX_PROMPT_LENGTH = integer("max_prompt_length");
  public static final Flag<String> SYSTEM_PROMPT = text("system_prompt");
  public static final Flag<Boolean> DYNAMIC_SAMPLING = toggle("dynamic_sampling");
  public static final Flag<Integer> DYNAMIC_SAMPLING_MAX_DRAWS =
      integer("dynamic_sampling_max_draws");
  public static final Flag<Integer> ROUNDS_TOTAL_LIMIT = integer("rounds_total_limit");
  public static final Flag<Double> MAX_LOGPROB_DIFFERENCE = number("max_logprob_difference");
  public static final Flag<String> TEACHER_MODEL_NAME_OR_PATH = text("teacher_model_name_or_path");
  public static final Flag<Integer> LOCAL_STEPS = integer("local_steps");
  public static final Flag<Integer> MAX_STALENESS = integer("max_staleness");
  public static final Flag<Integer> NUM_GENERATORS = integer("num_generators");
  public static final Flag<Boolean> USE_VLLM = toggle("use_vllm");
  public static final Flag<String> VLLM_MODE = text("vllm_mode");
  public static final Flag<String> VLLM_SERVER_BASE_URL = text("vllm_server_base_url");
  public static final Flag<String> VLLM_SERVER_HOST = text("vllm_server_host");
  public static final Flag<Integer> VLLM_SERVER_PORT = integer("vllm_server_port");
  public static final Flag<Double> VLLM_SERVER_TIMEOUT = number("vllm_server_timeout");
  public static final Flag<String> VLLM_ADAPTER_DIR = text("vllm_adapter_dir");
  public static final Flag<Boolean> VLLM_IMPORTANCE_SAMPLING_CORRECTION =
      toggle("vllm_importance_sampling_correction");
  public static final Flag<String> VLLM_IMPORTANCE_SAMPLING_MODE =
      text("vllm_importance_sampling_mode");
  public static final Flag<Double> VLLM_IMPORTANCE_SAMPLING_CLIP_MAX =
      number("vllm_importance_sampling_clip_max");
  public static final Flag<Double> VLLM_IMPORTANCE_SAMPLING_CLIP_MIN =
      number("vllm_importance_sampling_clip_min");
  public static final Flag<Double> VLLM_IMPORTANCE_SAMPLING_CAP =
      number("vllm_importance_sampling_cap");
  public static final Flag<Boolean> LOG_COMPLETIONS = toggle("log_completions");
  public static final Flag<Integer> NUM_COMPLETIONS_TO_PRINT = integer("num_completions_to_print");

  // Adapter and files
  public static final Flag<String> ADAPTER = text("adapter");
  public static final Flag<String> PROMPT = text("prompt");
  public static final Flag<String> INPUT = text("input");
  public static final Flag<String> OUTPUT = text("output");
  public static final Flag<Boolean> ADD_GENERATION_PROMPT = toggle("add_generation_prompt");
  public static final Flag<Boolean> ENABLE_THINKING = toggle("enable_thinking");
  public static final Flag<Integer> ROWS = integer("rows");
  public static final Flag<String> MODEL = text("model");
  public static final Flag<Boolean> RANDOM_WEIGHTS = toggle("random_weights");
  public static final Flag<List<Integer>> RANKS = integers("ranks");
  public static final Flag<Integer> DOCUMENT_LENGTH = integer("document_length");
  public static final Flag<Integer> STEPS = integer("steps");
  public static final Flag<List<Integer>> BATCH_ROWS = integers("batch_rows");
  public static final Flag<Integer> PROMPT_LENGTH = integer("prompt_length");
  public static final Flag<Double> PEAK_TFLOPS = number("peak_tflops");

  // Folders of runs
  public static final Flag<String> RUN = text("run");
  public static final Flag<String> BASELINE = text("baseline");
  public static final Flag<Boolean> WRITE_BASELINE = toggle("write_baseline");
  public static final Flag<List<String>> RUNS = texts("runs");
  public static final Flag<List<String>> LABELS = texts("labels");
  public static final Flag<String> TITLE = text("title");
  public static final Flag<Boolean> LIVE = toggle("live");
  public static final Flag<Integer> PORT = integer("port");

  // Sweeps
  public static final Flag<Boolean> DRY_RUN = toggle("dry_run");
  public static final Flag<Integer> MAX_PARALLEL_TRIALS = integer("max_parallel_trials");
  public static final Flag<Boolean> KEEP_WEIGHTS = toggle("keep_weights");
  public static final Flag<Double> FLOPS_PER_SECOND = number("flops_per_second");
  public static final Flag<String> SWEEP = text("sweep");

  // General
  public static final Flag<String> PRESET = text("preset");
  public static final Flag<String> CONFIG = text("config");
  public static final Flag<Boolean> DEBUG_ERRORS = toggle("debug_errors");

  private Flags() {}

  /**
   * The flag of a name, such as one from a file of an earlier run.
   *
   * @throws java.util.NoSuchElementException if no flag has this name
   */
  public static Flag<?> named(String name) {
    return FlagCatalog.shared().find(name).orElseThrow();
  }

  private static Flag<String> text(String name) {
    return flag(name, FlagType.STR, FlagType.PATH, FlagType.ENUM, FlagType.SECRET, FlagType.DICT);
  }

  private static Flag<Integer> integer(String name) {
    return flag(name, FlagType.INT, FlagType.LENGTH);
  }

  private static Flag<Double> number(String name) {
    return flag(name, FlagType.FLOAT, FlagType.LIMIT);
  }

  private static Flag<Boolean> toggle(String name) {
    return flag(name, FlagType.BOOL);
  }

  private static Flag<List<String>> texts(String name) {
    return flag(name, FlagType.LIST, FlagType.TEXTS, FlagType.PATHS);
  }

  private static Flag<List<Integer>> integers(String name) {
    return flag(name, FlagType.INTS);
  }

  private static Flag<List<Double>> numbers(String name) {
    return flag(name, FlagType.FLOATS);
  }

  @SuppressWarnings("unchecked") // callers pass types that are read as T
  private static <T> Flag<T> flag(String name, FlagType... types) {
    Flag<?> flag = named(name);
    if (!Set.of(types).contains(flag.type())) {
      throw new IllegalStateException("%s is of type %s in flags.tsv".formatted(name, flag.type()));
    }
    return (Flag<T>) flag;
  }
}
