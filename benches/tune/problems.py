"""The problems of the tuning bench: what is searched, the noise-free value, the best known value.

Every problem is made for an instance (an integer, the seed of a comparison): the same instance is the
same landscape for every optimiser, and instances differ, so that none can profit from an optimum in
the centre or at a round number. All are minimised.
"""

import math
import os
import tempfile
import warnings
from functools import lru_cache

import numpy as np


class Problem:
    """A search space with a function over it.

    `params` is what the JSON-lines filter takes. `call(params, rng)` is what an optimiser sees,
    `truth(params)` is what it is judged by: the same without noise. `best` is the least value.
    """

    def __init__(self, name, params, truth, best, noise=0.0):
        self.name, self.params, self.truth, self.best, self.noise = name, params, truth, best, noise

    def call(self, params, rng):
        value = self.truth(params)
        return value + self.noise * rng.standard_normal() if self.noise else value


def floats(d, low, high, log=False):
    return [{"name": f"x{i}", "type": "float", "low": low, "high": high, "log": log} for i in range(d)]


def vector(params, d):
    return np.array([float(params[f"x{i}"]) for i in range(d)])


def rotation(rng, d):
    return np.linalg.qr(rng.standard_normal((d, d)))[0]


def branin(instance):
    def truth(p):
        x, y = float(p["x0"]), float(p["x1"])
        a = y - 5.1 / (4 * math.pi**2) * x * x + 5 / math.pi * x - 6
        return a * a + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10

    params = floats(2, -5.0, 10.0)
    params[1].update(low=0.0, high=15.0)
    return Problem("branin", params, truth, 0.39788735772973816)


H_ALPHA = np.array([1.0, 1.2, 3.0, 3.2])
H_A = np.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8], [17, 8, 0.05, 10, 0.1, 14]])
H_P = 1e-4 * np.array(
    [[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
     [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])


def hart6(instance, noise=0.0, name="hart6"):
    def truth(p):
        x = vector(p, 6)
        return float(-np.sum(H_ALPHA * np.exp(-np.sum(H_A * (x - H_P) ** 2, axis=1))))

    return Problem(name, floats(6, 0.0, 1.0), truth, -3.32236801141551, noise)


def hart6_noisy(instance):
    return hart6(instance, 0.3, "hart6_noisy")


def ackley_value(z):
    d = len(z)
    return float(20 + math.e - 20 * math.exp(-0.2 * math.sqrt(float(z @ z) / d)) - math.exp(float(np.cos(2 * math.pi * z).sum()) / d))


def ackley10_mixed(instance):
    """Six continuous, two integers, two categories of four; the optimum is shifted."""
    rng = np.random.default_rng([71, instance])
    shift = rng.uniform(-15, 15, 6)
    ints = rng.integers(-4, 5, 2)
    tables = [rng.permutation([0.0, 2.0, 5.0, 9.0]) for _ in range(2)]

    def truth(p):
        z = np.concatenate([
            vector(p, 6) - shift,
            [2.0 * (int(p[f"k{i}"]) - ints[i]) for i in range(2)],
            [tables[i]["abcd".index(p[f"c{i}"])] for i in range(2)],
        ])
        return ackley_value(z)

    params = floats(6, -20.0, 20.0)
    params += [{"name": f"k{i}", "type": "int", "low": -5, "high": 5} for i in range(2)]
    params += [{"name": f"c{i}", "type": "cat", "choices": list("abcd")} for i in range(2)]
    return Problem("ackley10_mixed", params, truth, 0.0)


def levy_value(x):
    w = 1 + (x - 1) / 4
    return float(math.sin(math.pi * w[0]) ** 2 + np.sum((w[:-1] - 1) ** 2 * (1 + 10 * np.sin(math.pi * w[:-1] + 1) ** 2))
                 + (w[-1] - 1) ** 2 * (1 + math.sin(2 * math.pi * w[-1]) ** 2))


def shifted(name, key, d, low, high, value, optimum, reach):
    def make(instance):
        shift = np.random.default_rng([key, instance]).uniform(-reach, reach, d)
        return Problem(name, floats(d, low, high), lambda p: value(vector(p, d) - shift + optimum), 0.0)

    return make


def rosen_value(x):
    return float(np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2))


def rastrigin_value(x):
    return float(10 * len(x) + np.sum(x * x - 10 * np.cos(2 * math.pi * x)))


levy5 = shifted("levy5", 72, 5, -10.0, 10.0, levy_value, 1.0, 6.0)
rosen4 = shifted("rosen4", 73, 4, -5.0, 10.0, rosen_value, 1.0, 2.0)
rastr3 = shifted("rastr3", 74, 3, -5.12, 5.12, rastrigin_value, 0.0, 3.5)


def hpo_like8(instance):
    """What training looks like: a narrow valley on log scales, a region that diverges with a heavy
    tail, a category that shifts the valley, an integer, and two parameters without any effect."""
    rng = np.random.default_rng([75, instance])
    lr0, wd0, units0 = rng.uniform(-3.5, -2.0), rng.uniform(-5.0, -3.0), rng.integers(3, 7)
    drop0, offsets, costs = rng.uniform(0.1, 0.5), rng.uniform(-0.6, 0.6, 3), rng.permutation([0.0, 0.02, 0.06])

    def truth(p):
        k = ["adam", "sgd", "rmsprop"].index(p["optimizer"])
        lr = math.log10(float(p["lr"])) - lr0 - offsets[k]
        wd = math.log10(float(p["weight_decay"])) - wd0
        loss = 0.05 * (lr + 0.3 * wd) ** 2 + 0.01 * wd * wd + 0.02 * (int(p["layers"]) - units0) ** 2 / 4
        loss += 0.3 * (float(p["dropout"]) - drop0) ** 2 + costs[k] + 0.02 * (float(p["momentum"]) - 0.7) ** 2
        over = lr - 1.0
        return float(loss + (math.exp(min(3.0 * over, 12.0)) - 1 if over > 0 else 0.0))

    params = [
        {"name": "lr", "type": "float", "low": 1e-5, "high": 1.0, "log": True},
        {"name": "weight_decay", "type": "float", "low": 1e-7, "high": 1e-1, "log": True},
        {"name": "dropout", "type": "float", "low": 0.0, "high": 0.8},
        {"name": "momentum", "type": "float", "low": 0.0, "high": 1.0},
        {"name": "layers", "type": "int", "low": 1, "high": 8},
        {"name": "optimizer", "type": "cat", "choices": ["adam", "sgd", "rmsprop"]},
        {"name": "useless_a", "type": "float", "low": 0.0, "high": 1.0},
        {"name": "useless_b", "type": "float", "low": 1e-3, "high": 1e3, "log": True},
    ]
    return Problem("hpo_like8", params, truth, 0.0)


@lru_cache(maxsize=None)
def table(name, split):
    from sklearn import datasets
    from sklearn.model_selection import train_test_split
    from sklearn.preprocessing import StandardScaler

    data = getattr(datasets, f"load_{name}")()
    x, y = StandardScaler().fit_transform(data.data), data.target
    return train_test_split(x, y, test_size=0.4, random_state=split, stratify=y)


def model(name, data, params, build, best=0.0):
    def make(instance):
        split = table(data, instance)
        seen = {}

        def truth(p):
            key = tuple(sorted(p.items()))
            if key not in seen:
                from sklearn.metrics import log_loss

                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    fitted = build(p).fit(split[0][:500], split[2][:500])
                    seen[key] = float(min(log_loss(split[3], fitted.predict_proba(split[1])), 5.0))
            return seen[key]

        return Problem(name, params, truth, best)

    return make


def boosted(p):
    from sklearn.ensemble import GradientBoostingClassifier
    return GradientBoostingClassifier(n_estimators=int(p["trees"]), learning_rate=p["rate"], subsample=p["subsample"],
                                      max_depth=int(p["depth"]), min_samples_leaf=int(p["leaf"]), random_state=0)


def perceptron(p):
    from sklearn.neural_network import MLPClassifier
    return MLPClassifier(hidden_layer_sizes=(int(p["units"]),), alpha=p["alpha"], learning_rate_init=p["lr"],
                         batch_size=int(p["batch"]), activation=p["activation"], max_iter=8, random_state=0)


mlp_digits = model("mlp_digits", "digits", [
    {"name": "units", "type": "int", "low": 4, "high": 128, "log": True},
    {"name": "alpha", "type": "float", "low": 1e-6, "high": 10.0, "log": True},
    {"name": "lr", "type": "float", "low": 1e-5, "high": 0.5, "log": True},
    {"name": "batch", "type": "int", "low": 16, "high": 256, "log": True},
    {"name": "activation", "type": "cat", "choices": ["relu", "tanh", "logistic"]},
], perceptron)

gbm_cancer = model("gbm_cancer", "breast_cancer", [
    {"name": "trees", "type": "int", "low": 5, "high": 60, "log": True},
    {"name": "rate", "type": "float", "low": 0.001, "high": 1.0, "log": True},
    {"name": "subsample", "type": "float", "low": 0.2, "high": 1.0},
    {"name": "depth", "type": "int", "low": 1, "high": 6},
    {"name": "leaf", "type": "int", "low": 1, "high": 50, "log": True},
], boosted)


def svm_value(p):
    from sklearn.svm import SVC
    return SVC(C=p["C"], gamma=p["gamma"], kernel=p["kernel"], degree=int(p["degree"]), coef0=p["coef0"])


def svm_digits(instance):
    split = table("digits", instance)

    def truth(p):
        fitted = svm_value(p).fit(split[0][::2], split[2][::2])
        return float(1.0 - fitted.score(split[1], split[3]))

    return Problem("svm_digits", [
        {"name": "C", "type": "float", "low": 1e-3, "high": 1e3, "log": True},
        {"name": "gamma", "type": "float", "low": 1e-6, "high": 1.0, "log": True},
        {"name": "kernel", "type": "cat", "choices": ["rbf", "poly", "sigmoid"]},
        {"name": "degree", "type": "int", "low": 2, "high": 5},
        {"name": "coef0", "type": "float", "low": 0.0, "high": 2.0},
    ], truth, 0.0)


# Further functions: what the method was developed on, apart from those that it is judged by.
def rotated(name, key, d, value, low=-5.0, high=5.0):
    def make(instance):
        rng = np.random.default_rng([key, instance])
        r, shift = rotation(rng, d), rng.uniform(0.7 * low, 0.7 * high, d)
        return Problem(name, floats(d, low, high), lambda p: float(value(r @ (vector(p, d) - shift))), 0.0)

    return make


def ellipsoid(z):
    return float(np.sum(10 ** (3 * np.arange(len(z)) / (len(z) - 1)) * z * z))


def griewank(z):
    return float(1 + 10 * np.sum(z * z) / 40 - np.prod(np.cos(5 * z / np.sqrt(np.arange(1, len(z) + 1)))))


def sharp(z):
    return float(abs(z[0]) + 10 * np.linalg.norm(z[1:]))


def styblinski(z):
    return float(np.sum(z**4 - 16 * z * z + 5 * z) / 2 + 39.16616570377142 * len(z))


def plateau_mixed(instance):
    """Conditional-looking mixture: a category picks which of two bowls counts."""
    rng = np.random.default_rng([86, instance])
    c, gains = rng.uniform(0.15, 0.85, (4, 5)), rng.uniform(0.2, 2.0, (4, 5))
    bases = rng.permutation([0.0, 0.05, 0.15, 0.4])

    def truth(p):
        k = "wxyz".index(p["kind"])
        z = np.array([float(p["x0"]), float(p["x1"]), (math.log(float(p["x2"])) + 9) / 9, (int(p["n"]) - 1) / 19, float(p["b"] == "on")])
        return float(bases[k] + np.sum(gains[k][:4] * (z[:4] - c[k][:4]) ** 2) + 0.1 * gains[k][4] * abs(z[4] - round(c[k][4])))

    params = floats(2, 0.0, 1.0) + [
        {"name": "x2", "type": "float", "low": math.exp(-9), "high": 1.0, "log": True},
        {"name": "n", "type": "int", "low": 1, "high": 20},
        {"name": "kind", "type": "cat", "choices": list("wxyz")},
        {"name": "b", "type": "cat", "choices": ["on", "off"]},
    ]
    return Problem("plateau_mixed", params, truth, 0.0)


def noisy(make, amount, name):
    def wrapped(instance):
        p = make(instance)
        return Problem(name, p.params, p.truth, p.best, amount)

    return wrapped


def sparse20(instance):
    """Twenty parameters of which four matter."""
    rng = np.random.default_rng([87, instance])
    which, at = rng.choice(20, 4, replace=False), rng.uniform(0.1, 0.9, 4)

    def truth(p):
        z = vector(p, 20)[which] - at
        return float(np.sum([1.0, 2.0, 4.0, 8.0] * z * z) + 0.5 * z[0] * z[1] + 0.2 * (1 - math.cos(9 * z[2])))

    return Problem("sparse20", floats(20, 0.0, 1.0), truth, 0.0)


def mixint(function, dimension):
    """A function of COCO's bbob-mixint suite: four fifths of the parameters are integers."""

    def make(instance):
        import cocoex

        suite = cocoex.Suite("bbob-mixint", "", f"function_indices:{function} dimensions:{dimension} instance_indices:{1 + instance % 15}")
        f = suite.get_problem(0)
        integers = f.number_of_integer_variables
        low, high = f.lower_bounds, f.upper_bounds
        params = [
            {"name": f"x{i}", "type": "int", "low": int(round(low[i])), "high": int(round(high[i]))} if i < integers
            else {"name": f"x{i}", "type": "float", "low": float(low[i]), "high": float(high[i])}
            for i in range(dimension)
        ]
        best = best_of(function, dimension, 1 + instance % 15)
        problem = Problem(f"mixint_f{function}_d{dimension}", params, lambda p: float(f(vector(p, dimension))), best)
        problem.keep = (suite, f)
        return problem

    return make


@lru_cache(maxsize=None)
def best_of(function, dimension, instance):
    """The value of the parameters that COCO knows to be best; it only tells them by way of a file."""
    import cocoex

    suite = cocoex.Suite("bbob-mixint", "", f"function_indices:{function} dimensions:{dimension} instance_indices:{instance}")
    f = suite.get_problem(0)
    here = os.getcwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        try:
            f._best_parameter("print")
            return float(f(np.loadtxt("._bbob_problem_best_parameter.txt")))
        finally:
            os.chdir(here)


JUDGED = {
    "branin": branin, "hart6": hart6, "hart6_noisy": hart6_noisy, "ackley10_mixed": ackley10_mixed,
    "levy5": levy5, "rosen4": rosen4, "rastr3": rastr3, "hpo_like8": hpo_like8,
    "svm_digits": svm_digits, "gbm_cancer": gbm_cancer, "mlp_digits": mlp_digits,
}
MIXINT = {f"mixint_f{f}_d{d}": mixint(f, d) for f, d in [(1, 5), (2, 5), (3, 5), (6, 10), (8, 5), (10, 5), (13, 5), (15, 10), (17, 5), (20, 5), (21, 5), (24, 5)]}
DEVELOPMENT = {
    "ellipsoid5": rotated("ellipsoid5", 81, 5, ellipsoid), "griewank3": rotated("griewank3", 82, 3, griewank),
    "sharp4": rotated("sharp4", 83, 4, sharp), "styblinski4": shifted("styblinski4", 84, 4, -6.0, 6.0, styblinski, 0.0, 1.0),
    "plateau_mixed": plateau_mixed, "sparse20": sparse20,
    "bowl_noisy": noisy(rotated("bowl", 85, 4, lambda z: float(z @ z) / 10), 0.5, "bowl_noisy"),
    "rosen3": shifted("rosen3", 88, 3, -4.0, 6.0, rosen_value, 1.0, 2.0),
    "ackley4": shifted("ackley4", 89, 4, -10.0, 10.0, ackley_value, 0.0, 7.0),
    "mixint_f7_d5": mixint(7, 5), "mixint_f12_d5": mixint(12, 5), "mixint_f19_d5": mixint(19, 5), "mixint_f4_d10": mixint(4, 10),
}
ALL = {**JUDGED, **MIXINT, **DEVELOPMENT}
