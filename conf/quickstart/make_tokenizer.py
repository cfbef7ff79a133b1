"""Makes the quickstart model's tokenizer: byte-level BPE of 1024 tokens, digits apart, ChatML template.

usage: pip install tokenizers==0.23.3 ; make_tokenizer.py OUT_DIR TEXT.jsonl[.gz] …   (rows of question/answer or messages)
The same rows give the same tokenizer.
"""
import gzip, json, sys
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

out, files = sys.argv[1], sys.argv[2:]


def texts():
    for name in files:
        with (gzip.open if name.endswith(".gz") else open)(name, "rt", encoding="utf-8") as rows:
            for row in map(json.loads, rows):
                if "messages" in row:
                    yield from (message["content"] for message in row["messages"])
                else:
                    yield from (row["question"], row["answer"])


special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", "<|pad|>"]
tokenizer = Tokenizer(models.BPE())
# Digits stand alone, so that 37 and 73 share their tokens; the rest is split as GPT-2 does.
tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
    [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=True)]
)
tokenizer.decoder = decoders.ByteLevel()
tokenizer.train_from_iterator(
    texts(),
    trainers.BpeTrainer(
        vocab_size=1024, special_tokens=special, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    ),
)
tokenizer.save(f"{out}/tokenizer.json")
template = (
    "{% for message in messages %}{{ '<|im_start|>' + message['role'] + '\n' }}"
    "{% if message['role'] == 'assistant' %}{% generation %}{{ message['content'] + '<|im_end|>' }}{% endgeneration %}"
    "{% else %}{{ message['content'] + '<|im_end|>' }}{% endif %}{{ '\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
with open(f"{out}/tokenizer_config.json", "w", encoding="utf-8") as f:
    json.dump(
        {
            "bos_token": "<|im_start|>",
            "eos_token": "<|im_end|>",
            "pad_token": "<|pad|>",
            "model_max_length": 2048,
            "tokenizer_class": "PreTrainedTokenizerFast",
            "chat_template": template,
        },
        f,
        indent=2,
    )
