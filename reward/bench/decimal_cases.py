"""Pairs of decimals, percentages and fractions in many spellings, with Math-Verify's reward and whether they are equal.

usage: pip install "math-verify[antlr4_13_2]==0.9.0"; decimal_cases.py [SEED [NUMBER]] > CASES.jsonl

A number is drawn as a fraction and written twice, changed a little in four cases of ten: in scientific notation, as a
fraction of decimals, a percentage, a product or sum of decimals, with grouped digits, trailing zeros or a unit, cut or
rounded; alone, in sets, tuples and intervals, in relations, before surds and variables, under roots and in powers.
`equal` is the truth of the fractions; `reward` is what the guide's reward makes of the pair.
"""

import json, random, sys
from fractions import Fraction as F

from mathverify_reward import reward

R = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
N = int(sys.argv[2]) if len(sys.argv) > 2 else 600


def decimal(q):
    """The digits of a fraction, or None where they do not end."""
    for places in range(31):
        scaled = abs(q) * 10**places
        if scaled.denominator == 1:
            digits = str(scaled.numerator).rjust(places + 1, "0")
            text = digits[: len(digits) - places] + ("." + digits[len(digits) - places :] if places else "")
            return ("-" if q < 0 else "") + text
    return None


def short(q, length):
    text = decimal(q)
    return text if text and len(text) <= length else None


def plain(q):
    text = short(q, 16)
    kind = R.randrange(8)
    if text and kind == 0:
        return text + ("0" if "." in text else ".0") * R.choice([1, 1 if "." not in text else 2])
    if text and kind == 1 and abs(q) >= 1000:
        whole, _, part = text.lstrip("-").partition(".")
        sign = "-" if q < 0 else ""
        return sign + f"{int(whole):,}".replace(",", R.choice([",", "{,}", "\\,", " "])) + ("." + part if part else "")
    return text[1:] if text and kind == 2 and text.startswith("0.") else text


def scientific(q):
    power = R.randint(-6, 6)
    mantissa = short(q / F(10) ** power, 14)
    if mantissa is None:
        return None
    times = R.choice([r"\times ", r" \times ", r"\cdot ", r"\cdot", "*", "×", r"{\times}"])
    kind = R.randrange(12)
    if kind < 2:
        return f"{mantissa}{'eE'[kind]}{power}"
    return f"10^{{{power}}}{times}{mantissa}" if kind == 2 else f"{mantissa}{times}10^{{{power}}}"


def fraction(q):
    factor = R.choice([F(1), F(1), F(2), F(10), F(100), F(1, 10), F(5, 2), F(3), F(1, 100)])
    above, below = decimal(q.numerator * factor), decimal(q.denominator * factor)
    outside = above.startswith("-") and R.random() < 0.7
    form = R.choice([r"\frac{%s}{%s}", r"\frac{%s}{%s}", r"\dfrac{%s}{%s}", "%s/%s", r"%s \div %s"])
    return ("-" if outside else "") + form % (above[1:] if outside else above, below)


def decimal_fraction(q):
    below = F(R.choice(["2", "4", "5", "8", "10", "100", "1000", "25", "2.5", "0.5", "0.1", "1.25", "3", "7"]))
    above = decimal(q * below)
    return above and r"\frac{%s}{%s}" % (above, decimal(below))


def percentage(q):
    text = short(q * 100, 12)
    return text and text + R.choice([r"\%", r"\%", "%", r" \%", r"\text{ percent}", " percent"])


def product(q):
    a = F(R.choice(["2", "4", "0.5", "2.5", "5", "10", "1.2", "0.3", "1.1", "0.7", "0.01"]))
    b = short(q / a, 12)
    if b is None:
        return None
    return decimal(a) + R.choice([r"\times ", r"\cdot "]) + (f"({b})" if b.startswith("-") else b)


def total(q):
    a = drawn_decimal(R.randint(1, 3), -2, 2)
    b = short(q - a, 12)
    return b and decimal(a) + (b if b.startswith("-") else "+" + b)


def cut(q):
    """To so many places, cut or rounded: another number, mostly."""
    places = R.choice([2, 3, 4, 5, 6, 6, 6, 7, 8, 10, 12, 15, 16])
    return F(round(q * 10**places) if R.random() < 0.7 else int(q * 10**places), 10**places)


WRITERS = [(plain, 4), (scientific, 4), (fraction, 3), (decimal_fraction, 2), (percentage, 2), (product, 1), (total, 1)]


def written(q, among=WRITERS):
    while True:
        text = R.choices([w for w, _ in among], [weight for _, weight in among])[0](q)
        if text:
            return text


def drawn_decimal(digits, low=-4, high=4):
    q = R.randrange(10 ** (digits - 1), 10**digits) * F(10) ** (R.randint(low, high) - digits + 1)
    return q * R.choice([1, 1, 1, -1])


def drawn():
    return R.choice(
        [
            lambda: F(R.randint(-2000, 2000)),
            lambda: F(R.randint(-60, 60), R.choice([3, 6, 7, 9, 11, 12, 13, 17])),
            lambda: F(R.randint(-400, 400), R.choice([2, 4, 5, 8, 16, 20, 25, 40])),
            lambda: F(R.randint(1, 99), 100),
            lambda: drawn_decimal(R.randint(1, 4), -9, 9),
            lambda: drawn_decimal(R.choice([2, 2, 3, 3, 4, 5, 6, 8])),
        ]
    )()


def changed(q):
    return R.choice(
        [
            q * 10, q / 10, -q, q * 100, q + 1, q + F(1, 10 ** R.randint(3, 9)), q * (1 + F(1, 10 ** R.randint(5, 17))),
            q + F(5, 10 ** R.choice([7, 7, 6, 8])),
        ]
    )  # fmt: skip


def values(equal):
    p = drawn()
    q = p if equal else changed(p)
    if R.random() < 0.08:
        q = cut(q)
    return (p, q) if R.random() < 0.5 else (q, p)


def pair(equal, among=WRITERS):
    p, q = values(equal)
    return written(p, among), written(q, among), p == q


def alone(equal):
    return pair(equal)


def collection(equal):
    left, right = R.choice([("", ""), (r"\{", r"\}"), ("(", ")"), ("[", "]"), ("[", ")"), (r"\left(", r"\right]")])
    count = 2 if "[" in left or "]" in right else R.choice([2, 3])
    pairs = [pair(equal or i > 0, [w for w in WRITERS if w[0] != percentage]) for i in range(count)]
    if any("," in a + b or "," in b for a, b, _ in pairs):
        return collection(equal)
    return (
        left + ", ".join(a for a, _, _ in pairs) + right,
        left + ",".join(b for _, b, _ in pairs) + right,
        all(same for _, _, same in pairs),
    )


def relation(equal):
    a, b, same = pair(equal)
    sign = R.choice(["x=", "y = ", r"x \le ", "x > "])
    return sign + a, sign + b, same


def measured(equal):
    a, b, same = pair(equal, [(plain, 1), (scientific, 1), (fraction, 1)])
    unit = R.choice([r"\text{ cm}", r"\ \mathrm{kg}", r"\,\text{hours}", " dollars", r"^\circ", r"\text{ m}^2"])
    return a + unit, b + R.choice([unit, ""]), same


def factor(equal):
    a, b, same = pair(equal, [(plain, 2), (fraction, 1), (decimal_fraction, 1), (product, 1)])
    form = R.choice(["%sx", r"%s\pi", r"%s\sqrt{2}", r"\sqrt{3} \cdot (%s)", "x^2(%s)", "%se"])
    return form % a, form % b, same


def under(equal):
    p, q = values(equal)
    a, b = (written(abs(v), [(plain, 1), (fraction, 1), (decimal_fraction, 1)]) for v in (p, q))
    form = R.choice([r"\sqrt{%s}", "(%s)^2", r"\ln(%s)", "|%s|", "(%s)^{-1}"])
    return form % a, form % b, abs(p) == abs(q)


KINDS = [(alone, 14), (collection, 2), (relation, 1), (measured, 1), (factor, 1), (under, 0.5)]
FRAMES = [r"The answer is $\boxed{%s}$.", r"The answer is $\boxed{%s}$.", r"\boxed{%s}", "Answer: $%s$", r"So \[ \boxed{%s} \]"]

for number in range(N):
    kind = R.choices([k for k, _ in KINDS], [weight for _, weight in KINDS])[0]
    solution, answer, equal = kind(R.random() < 0.6)
    completion = R.choice(FRAMES) % answer
    row = {"kind": kind.__name__, "solution": solution, "completion": completion, "equal": equal}
    print(json.dumps({**row, "reward": reward(row)}, ensure_ascii=False), flush=True)
