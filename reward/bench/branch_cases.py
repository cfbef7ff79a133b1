"""Pairs of terms with branches, each with whether they are equal.

usage: branch_cases.py [SEED [NUMBER]] > CASES.jsonl

A random term with absolute values, floors, extremes, roots of powers, logarithms and powers of zero is rewritten, either
in a way that keeps its value or in one that mostly does not. Whether it did is found by evaluating both at some hundred
to thousand points: fractions exactly, else in floating point; around all numbers they name, their sums and quotients, on
dense grids, and far out. About half of the pairs are equal. Terms are tuples: an operator, then its arguments.
"""

import cmath, itertools, json, math, random, sys
from fractions import Fraction as F

R = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else 1)
N = int(sys.argv[2]) if len(sys.argv) > 2 else 1800


class U(Exception):
    pass


# --- terms: tuples (op, ...)
def num(v):
    return ("n", F(v))


def v_(s):
    return ("v", s)


def add(*a):
    return ("+",) + a


def neg(a):
    return ("-", a)


def mul(*a):
    return ("*",) + a


def div(a, b):
    return ("/", a, b)


def sub(a, b):
    return add(a, neg(b))


def ab(a):
    return ("abs", a)


def fl(a):
    return ("fl", a)


def ce(a):
    return ("ce", a)


def mx(*a):
    return ("max",) + a


def mn(*a):
    return ("min",) + a


def pw(a, n):
    return ("^", a, n)  # integer or fraction exponent


def rt(a, n):
    return ("rt", a, n)


def fn(f, a):
    return (f, a)


def zp(a):
    return ("0^", a)


def ev(t, e):
    o = t[0]
    if o == "n":
        return t[1]
    if o == "v":
        return e[t[1]]
    if o == "+":
        return sum((ev(a, e) for a in t[1:]), F(0))
    if o == "-":
        return -ev(t[1], e)
    if o == "*":
        r = F(1)
        for a in t[1:]:
            r = r * ev(a, e)
        return r
    if o == "/":
        b = ev(t[2], e)
        if abs(b) < 1e-13:
            raise U
        a = ev(t[1], e)
        return a / b
    if o == "abs":
        return abs(ev(t[1], e))
    if o in ("fl", "ce"):
        a = ev(t[1], e)
        if isinstance(a, complex):
            if abs(a.imag) > 1e-12:
                raise U
            a = a.real
        if not isinstance(a, F) and abs(a - round(a)) < 1e-9:
            a = F(round(a))
        return F(math.floor(a) if o == "fl" else math.ceil(a))
    if o in ("max", "min"):
        a = [ev(x, e) for x in t[1:]]
        if any(isinstance(x, complex) and abs(x.imag) > 1e-12 for x in a):
            raise U
        a = [x.real if isinstance(x, complex) else x for x in a]
        return max(a) if o == "max" else min(a)
    if o == "^":
        a, n = ev(t[1], e), t[2]
        if F(n).denominator == 1:
            if n < 0 and abs(a) < 1e-13:
                raise U
            return a ** int(n)
        if a == 0:
            return F(0)
        return complex(a) ** float(n)
    if o == "rt":
        a = ev(t[1], e)
        if a == 0:
            return F(0)
        if isinstance(a, F) and a > 0:
            p, q = round(a.numerator ** (1 / t[2])), round(a.denominator ** (1 / t[2]))
            if F(p, q) ** t[2] == a:
                return F(p, q)
        r = complex(a) ** (1 / t[2])
        return r.real if r.imag == 0 else r
    if o == "0^":
        a = ev(t[1], e)
        if a < 0:
            raise U
        return F(1) if a == 0 else F(0)
    a = ev(t[1], e)
    if o == "ln":
        if abs(a) < 1e-13:
            raise U
        r = cmath.log(a)
        return r.real if r.imag == 0 else r
    if isinstance(a, complex):
        raise U
    if o == "exp":
        if abs(a) > 300:
            raise U
        return math.exp(a)
    if o == "2^":
        if abs(a) > 300:
            raise U
        return 2.0 ** float(a)
    if o == "sin":
        return math.sin(a)
    if o == "cos":
        return math.cos(a)
    if o == "sinpi":
        return F(0) if isinstance(a, F) and a.denominator == 1 else math.sin(math.pi * float(a % 2))
    if o == "cospi":
        return math.cos(math.pi * float(a % 2))
    raise Exception(o)


def frac(f):
    return (
        (("-" if f < 0 else "") + r"\frac{%d}{%d}" % (abs(f.numerator), f.denominator))
        if f.denominator != 1
        else str(f.numerator)
    )


def tex(t, p=0):
    """p: 0 sum, 1 term of a product, 2 base of a power"""
    o = t[0]

    def par(s, need):
        return "(" + s + ")" if need else s

    if o == "n":
        return par(frac(t[1]), t[1] < 0 and p > 0 or p == 2 and t[1].denominator != 1)
    if o == "v":
        return t[1]
    if o == "+":
        s = tex(t[1])
        for a in t[2:]:
            if a[0] == "-":
                s += "-" + tex(a[1], 1)
            elif a[0] == "n" and a[1] < 0:
                s += frac(a[1])
            else:
                x = tex(a)
                s += x if x[0] == "-" else "+" + x
        return par(s, p > 0)
    if o == "-":
        return par("-" + tex(t[1], 1), p > 0)
    if o == "*":
        s = ""
        for i, a in enumerate(t[1:]):
            x = tex(a, 1)
            if i and (
                x[0].isdigit() or x.startswith(r"\frac") or x[0] == "|" or t[i][0] == "n" and t[i][1].denominator != 1
            ):
                s += r"\cdot "
            s += x
        return par(s, p == 2)
    if o == "/":
        return par(r"\frac{%s}{%s}" % (tex(t[1]), tex(t[2])), p == 2)
    if o == "abs":
        return (
            par(R.choice([r"|%s|", r"\left|%s\right|", r"|%s|"]) % tex(t[1]), p == 2 and False)
            if "|" not in tex(t[1])
            else r"\left|%s\right|" % tex(t[1])
        )
    if o == "fl":
        return r"\lfloor %s\rfloor" % tex(t[1])
    if o == "ce":
        return r"\lceil %s\rceil" % tex(t[1])
    if o in ("max", "min"):
        return r"\%s(%s)" % (o, ", ".join(tex(a) for a in t[1:]))
    if o == "^":
        return "%s^{%s}" % (
            par(tex(t[1], 2), t[1][0] in ("^", "exp", "2^", "0^", "rt")),
            F(t[2]).numerator if F(t[2]).denominator == 1 else "%d/%d" % (F(t[2]).numerator, F(t[2]).denominator),
        )
    if o == "rt":
        return (r"\sqrt{%s}" if t[2] == 2 else r"\sqrt[%d]{%%s}" % t[2]) % tex(t[1])
    if o == "0^":
        return "0^{%s}" % tex(t[1])
    if o == "ln":
        return par(r"\ln(%s)" % tex(t[1]) if t[1][0] != "abs" else r"\ln %s" % tex(t[1]), p > 0)
    if o == "exp":
        return "e^{%s}" % tex(t[1])
    if o == "2^":
        return "2^{%s}" % tex(t[1])
    if o == "sinpi":
        return r"\sin(\pi %s)" % tex(t[1], 1)
    if o == "cospi":
        return r"\cos(\pi %s)" % tex(t[1], 1)
    return r"\%s(%s)" % (o, tex(t[1]))


def vars_(t):
    if t[0] == "v":
        return {t[1]}
    return set().union(*[vars_(a) for a in t[1:] if isinstance(a, tuple)] or [set()])


def nums(t):
    if t[0] == "n":
        return {t[1]}
    return set().union(*[nums(a) for a in t[1:] if isinstance(a, tuple)] or [set()])


def sub_nodes(t):
    yield t
    for a in t[1:]:
        if isinstance(a, tuple):
            yield from sub_nodes(a)


def replace(t, old, new):
    if t is old:
        return new
    return tuple(replace(a, old, new) if isinstance(a, tuple) else a for a in t)


def close(a, b):
    if isinstance(a, F) and isinstance(b, F):
        return a == b
    a, b = complex(a), complex(b)
    return abs(a - b) <= 1e-7 * max(abs(a), abs(b)) + 1e-8


def points(a, b):
    vs = sorted(vars_(a) | vars_(b))
    lits = sorted(nums(a) | nums(b))
    special = set()
    for c in lits:
        for s in (1, -1):
            for d in (F(0), F(1, 7), F(-1, 7), F(1), F(-1), F(1, 10**6), F(-1, 10**6)):
                special.add(s * c + d)
            if c:
                special.add(s / c)
                special.add(s / c + F(1, 10**7))
                special.add(s / c - F(1, 10**7))
    for c, d in itertools.combinations(lits, 2):
        for s in (1, -1):
            special.update([c + s * d, s * (c - d)])
            if d:
                special.update([s * c / d, s * c / d + F(1, 97)])
            if c:
                special.add(s * d / c)
    special = sorted(special | {F(0), F(1), F(-1)})
    dense = (
        [F(k, 12) for k in range(-96, 97)]
        + [F(k) for k in range(-40, 41)]
        + [s * F(k) * F(10) ** e + F(1, 3) for s in (1, -1) for k in (1, 3) for e in (-6, -4, -3, -2, 2, 3, 4, 5, 6)]
        + [F(R.randint(-(10**6), 10**6), R.choice([997, 9973, 99991])) for _ in range(60)]
    )
    if len(vs) == 1:
        return [{vs[0]: x} for x in special + dense]
    r = random.Random(5)
    pts = [dict({w: r.choice(dense) for w in vs}, **{v: c}) for c in special for v in vs for _ in range(2)]
    for _ in range(700):
        pts.append({v: r.choice(special if r.random() < 0.4 else dense) for v in vs})
    for _ in range(200):
        x = r.choice(special + dense)
        pts.append({v: x + r.choice([0, 0, F(1, 5), -F(1, 5)]) for v in vs})
    return pts


def value(t, e):
    try:
        return ev(t, e)
    except (U, ZeroDivisionError, OverflowError, ValueError):
        return None


def equal(a, b):
    """Whether two terms are; None when they have values at too few of the same points to say."""
    n = 0
    lone = 0
    for e in points(a, b):
        x, y = value(a, e), value(b, e)
        if x is None or y is None:
            lone += (x is None) != (y is None)
            continue
        n += 1
        if not close(x, y):
            return False
    return True if n >= 5 and lone * 10 < n else None


# --- random terms
CONST = [0, 1, 2, 3, 4, 5, 7, 10, -1, -2, -3, F(1, 2), F(3, 2), F(-1, 2), 12, 20]
FAR = [100, 50, 1000, F(1, 1000), 10**6, F(-1, 100), 37, -250]


def const(far=0.12):
    return num(R.choice(FAR if R.random() < far else CONST))


def lin(vs):
    x = v_(R.choice(vs))
    if len(vs) > 1 and R.random() < 0.5:
        y = v_(R.choice([v for v in vs if v != x[1]]))
        return sub(x, y) if R.random() < 0.6 else add(x, y)
    k = R.random()
    if k < 0.25:
        return x
    if k < 0.6:
        return add(x, const())
    if k < 0.75:
        return sub(num(R.choice([1, 2, 3, 5])), x)
    if k < 0.9:
        return add(mul(num(R.choice([2, 3, -2, F(1, 2)])), x), const())
    return neg(x)


def inner(vs):
    k = R.random()
    if k < 0.7:
        return lin(vs)
    if k < 0.8:
        return sub(pw(lin(vs), 2), const())
    if k < 0.86:
        return sub(ab(lin(vs)), const(0))
    if k < 0.9:
        return (
            fn(R.choice(["sin", "cos", "exp", "2^"]), lin(vs))
            if R.random() < 0.4
            else sub(fn(R.choice(["exp", "2^"]), v_(R.choice(vs))), num(R.choice([1, 3, 8])))
        )
    if k < 0.95:
        return mul(lin(vs), lin(vs))
    return div(lin(vs), num(R.choice([2, 3, 5])))


def branchy(vs):
    k = R.random()
    if k < 0.28:
        return ab(inner(vs))
    if k < 0.42:
        return R.choice([fl, ce])(lin(vs) if R.random() < 0.8 else div(lin(vs), num(R.choice([2, 3]))))
    if k < 0.58:
        return (
            R.choice([mx, mn])(inner(vs), lin(vs))
            if R.random() < 0.8
            else R.choice([mx, mn])(lin(vs), lin(vs), const())
        )
    if k < 0.7:
        return rt(pw(inner(vs), 2), 2)
    if k < 0.75:
        n = R.choice([4, 6])
        return rt(pw(lin(vs), n), n) if R.random() < 0.5 else pw(pw(lin(vs), n), F(1, n))
    if k < 0.8:
        u = lin(vs)
        return div(u, ab(u)) if R.random() < 0.5 else div(ab(u), u)
    if k < 0.84:
        return ab(sub(ab(lin(vs)), const(0)))
    if k < 0.88:
        return fn("ln", pw(lin(vs), 2)) if R.random() < 0.5 else fn("ln", ab(lin(vs)))
    if k < 0.91:
        return zp(R.choice([ab(lin(vs)), pw(lin(vs), 2), v_(vs[0])]))
    if k < 0.95:
        return mul(ab(lin(vs)), ab(lin(vs)))
    return add(ab(lin(vs)), ab(lin(vs)))


def term(vs):
    k = R.random()
    b = branchy(vs)
    if k < 0.45:
        return b
    if k < 0.65:
        return add(b, lin(vs))
    if k < 0.75:
        return mul(num(R.choice([2, 3, -1, -2, F(1, 2)])), b)
    if k < 0.85:
        return mul(lin(vs), b)
    if k < 0.92:
        return add(b, branchy(vs))
    return div(b, R.choice([num(2), num(3), add(pw(v_(vs[0]), 2), num(1))]))


# --- rewrites that keep the value
def same(t):
    o = t[0]
    c = []
    if o == "abs":
        u = t[1]
        c += [lambda: ab(negd(u)), lambda: rt(pw(u, 2), 2), lambda: mx(u, neg(u)), lambda: neg(mn(u, neg(u)))]
        if u[0] == "*":
            c.append(lambda: mul(*[ab(a) for a in u[1:]]))
    if o == "*" and all(a[0] == "abs" for a in t[1:]):
        c.append(lambda: ab(mul(*[a[1] for a in t[1:]])))
    if o == "max" and len(t) == 3:
        c += [
            lambda: div(add(t[1], t[2], ab(sub(t[1], t[2]))), num(2)),
            lambda: neg(mn(neg(t[1]), neg(t[2]))),
            lambda: mx(t[2], t[1]),
            lambda: add(t[1], mx(num(0), sub(t[2], t[1]))),
        ]
    if o == "min" and len(t) == 3:
        c += [
            lambda: div(sub(add(t[1], t[2]), ab(sub(t[1], t[2]))), num(2)),
            lambda: neg(mx(neg(t[1]), neg(t[2]))),
            lambda: mn(t[2], t[1]),
        ]
    if o in ("max", "min") and len(t) == 4:
        c += [lambda: (o, (o, t[1], t[2]), t[3]), lambda: (o, t[3], t[1], t[2])]
    if o == "fl":
        c += [
            lambda: neg(ce(negd(t[1]))),
            lambda: add(fl(add(t[1], num(3))), num(-3)),
            lambda: sub(fl(mul(num(2), t[1])), fl(add(t[1], num(F(1, 2))))),
        ]
    if o == "ce":
        c += [lambda: neg(fl(negd(t[1]))), lambda: add(ce(sub(t[1], num(2))), num(2))]
    if o == "rt" and t[1][0] == "^" and t[1][2] == t[2]:
        c += [lambda: ab(t[1][1]), lambda: ab(negd(t[1][1]))]
    if o == "^" and t[1][0] == "^" and isinstance(t[2], F) and t[1][2] * t[2] == 1:
        c += [lambda: ab(t[1][1])]
    if o == "/" and t[1][0] == "abs" and t[1][1] == t[2]:
        c.append(lambda: div(t[2], t[1]))
    if o == "/" and t[2][0] == "abs" and t[2][1] == t[1]:
        c.append(lambda: div(t[2], t[1]))
    if o == "ln" and t[1][0] == "^" and t[1][2] == 2:
        c.append(lambda: mul(num(2), fn("ln", ab(t[1][1]))))
    if o == "+":
        c += [lambda: add(*R.sample(t[1:], len(t) - 1))]
    if o == "*":
        c += [lambda: mul(*R.sample(t[1:], len(t) - 1))]
    if o == "*" and t[1][0] == "n" and t[2][0] == "+":
        c.append(lambda: add(*[mul(t[1], a) for a in t[2][1:]]))
    if o == "^" and t[2] == 2 and t[1][0] == "+" and len(t[1]) == 3:
        a, b = t[1][1:]
        c.append(lambda: add(pw(a, 2), mul(num(2), a, b), pw(b, 2)))
    return R.choice(c)() if c else None


def negd(u):
    if u[0] == "+":
        return add(*[negd(a) for a in u[1:]])
    if u[0] == "-":
        return u[1]
    if u[0] == "n":
        return num(-u[1])
    return neg(u)


# --- changes that mostly do not
def other(t):
    o = t[0]
    c = []
    if o == "abs":
        c += [
            lambda: t[1],
            lambda: neg(t[1]),
            lambda: negd(t[1]),
            lambda: mx(t[1], num(0)),
            lambda: ab(add(t[1], num(F(1, 1000)))),
            lambda: ab(ab(t[1])),
        ]
    if o == "abs" and t[1][0] == "+":
        c.append(lambda: add(*[ab(a) for a in t[1][1:]]))
    if o == "+" and sum(a[0] == "abs" for a in t[1:]) >= 2:
        c.append(lambda: ab(add(*[a[1] if a[0] == "abs" else a for a in t[1:]])))
    if o in ("max", "min"):
        c += [
            lambda: t[1],
            lambda: t[2],
            lambda: (({"max": "min", "min": "max"}[o]),) + t[1:],
            lambda: (o,) + t[1:-1] + (add(t[-1], num(F(1, 100))),),
            lambda: div(add(t[1], t[2], neg(ab(sub(t[1], t[2])))), num(2)),
        ]
    if o == "fl":
        c += [
            lambda: sub(ce(t[1]), num(1)),
            lambda: t[1],
            lambda: sub(t[1], num(F(1, 2))),
            lambda: ce(t[1]),
            lambda: fl(add(t[1], num(F(1, 2)))),
            lambda: neg(fl(negd(t[1]))),
        ]
    if o == "ce":
        c += [lambda: add(fl(t[1]), num(1)), lambda: t[1], lambda: fl(t[1]), lambda: fl(add(t[1], num(F(1, 2))))]
    if o == "fl" and t[1][0] == "+":
        c.append(lambda: add(*[fl(a) for a in t[1][1:]]))
    if o == "rt":
        c += [lambda: t[1][1], lambda: neg(t[1][1])]
    if o == "^" and t[1][0] == "^":
        c += [lambda: t[1][1]]
    if o == "/" and (t[1][0] == "abs" or t[2][0] == "abs"):
        c += [lambda: num(1), lambda: num(-1)]
    if o == "ln" and t[1][0] == "^":
        c.append(lambda: mul(num(2), fn("ln", t[1][1])))
    if o == "ln" and t[1][0] == "abs":
        c.append(lambda: fn("ln", t[1][1]))
    if o == "0^":
        c += [lambda: num(0), lambda: num(1)]
    if o == "*" and all(a[0] == "abs" for a in t[1:]):
        c.append(lambda: mul(*[a[1] for a in t[1:]]))
    return R.choice(c)() if c else None


def rewrite(t, how, tries=20):
    for _ in range(tries):
        nodes = list(sub_nodes(t))
        n = R.choice(nodes)
        m = how(n)
        if m is not None:
            return replace(t, n, m)
    return None


def near_zero(vs):
    x = v_(vs[0])
    k = R.choice([10, 50, 100, F(1, 1000), 12, 1000])
    b = R.choice(
        [
            fn("sinpi", x),
            sub(fn("cospi", mul(num(2), x)), num(1)),
            mx(num(0), sub(ab(x), num(k))),
            mx(num(0), sub(num(k), ab(sub(x, num(2 * k))))),
            sub(ab(sub(x, num(k))), sub(x, num(k))),
            add(ab(sub(x, num(k))), sub(x, num(k))),
            zp(ab(x)),
            zp(pw(sub(x, num(2)), 2)),
            (
                mul(*[add(mul(num(q), x), num(p)) for p, q in ((-17, 13), (79, 59), (163, 23), (-29, 19), (41, 71))])
                if R.random() < 0.3
                else fn("sinpi", mul(num(2), x))
            ),
            sub(ce(x), add(fl(x), num(1))),
            mul(num(F(1, 10**9)), sub(ab(sub(x, num(30))), sub(num(30), x))),
            fl(div(ab(x), num(1000))),
            sub(fl(add(x, num(F(1, 2)))), fl(sub(ce(x), num(F(1, 2))))),
        ]
    )
    return b


WRAPS = [
    ("%s", "%s"),
    ("%s", "%s"),
    ("%s", "%s"),
    ("%s", "%s"),
    ("y=%s", "y=%s"),
    ("f(x)=%s", "f(x)=%s"),
    ("f(x)=%s", "%s"),
    ("%s", "y=%s"),
    (r"(1, %s)", r"(1, %s)"),
    (r"\{5, %s\}", r"\{5, %s\}"),
    (r"(2, 3, %s)", r"(2, 3, %s)"),
    (r"[-1, %s]", r"[-1, %s]"),
    (r"z \ge %s", r"z \ge %s"),
    (r"z=%s", r"%s=z"),
    (r"\begin{pmatrix}1\\ %s\end{pmatrix}", r"\begin{pmatrix}1\\ %s\end{pmatrix}"),
    (r"2z=2(%s)", r"z=%s"),
]
FORMS = ["The answer is $%s$.", r"so $\boxed{%s}$", r"\boxed{%s}", r"The final answer is $%s$. I hope"]
seen = set()
out = []
counts = [0, 0]
while len(out) < N:
    vs = R.choice([["x"], ["x"], ["x"], ["x", "y"], ["x", "y"], ["a", "b", "c"], ["t"]])
    a = term(vs)
    want = R.random() < 0.5
    if want:
        b = rewrite(a, same)
        if b is not None and R.random() < 0.5:
            b = rewrite(b, same) or b
    elif R.random() < 0.2:
        p = R.choice([a, lin(vs), num(0)])
        z = near_zero(vs)
        a, b = (p, add(p, z)) if p[0] != "n" else (p, z)
        if R.random() < 0.5:
            a, b = b, a
    else:
        b = rewrite(a, other)
        if b is not None and R.random() < 0.3:
            b = rewrite(b, same) or b
    if b is None:
        continue
    try:
        truth = equal(a, b)
    except Exception as ex:
        continue
    if truth is None or counts[truth] > 0.5 * N:
        continue
    g, p = tex(a), tex(b)
    if any(n[0] in ("max", "min") and len(set(n[1:])) == 1 for t in (a, b) for n in sub_nodes(t)):
        continue
    if g == p or (g, p) in seen or len(g) > 120 or not vars_(a) | vars_(b):
        continue
    seen.add((g, p))
    counts[truth] += 1
    w = R.choice(WRAPS) if "z" not in g else WRAPS[0]
    form = R.choice(FORMS)
    if w[0] != "%s" or w[1] != "%s":
        form = FORMS[0]
    out.append({"solution": w[0] % g, "completion": form % (w[1] % p), "equal": bool(truth)})
for r in out:
    print(json.dumps(r))
