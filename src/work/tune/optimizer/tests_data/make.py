"""Computes numerics.json, which the unit tests of the numerics are held against, with other people's
code: mpmath 1.3 (50 digits), SciPy 1.17, scikit-learn 1.9.

    pip install mpmath scipy scikit-learn && python make.py > numerics.json
"""

import json

import mpmath as mp
import numpy as np
from scipy.stats import norm, qmc
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import ConstantKernel, Matern, WhiteKernel

mp.mp.dps = 50
out = {}

places = [-3e6, -1e6, -4e4, -1000.0, -200.0, -51.0, -49.0, -38.0, -20.0, -8.0, -3.0, -1.01, -0.99, -0.1, 0.0, 0.7, 3.0, 9.0]


def log_ei(z):
    z = mp.mpf(z)
    return mp.log(mp.npdf(z) + z * mp.erfc(-z / mp.sqrt(2)) / 2)


def with_digits(f, z):
    # Far out the two terms cancel to z^-2 of themselves, twice over: digits are cheap.
    mp.mp.dps = 120
    try:
        return float(f(z))
    finally:
        mp.mp.dps = 50


out["log_ei"] = [[z, with_digits(log_ei, z)] for z in places if z > -1e6] + [
    [z, float(-mp.mpf(z) ** 2 / 2 - mp.log(mp.sqrt(2 * mp.pi)) - 2 * mp.log(-mp.mpf(z)))] for z in places if z <= -1e6]
out["log_cdf"] = [[z, with_digits(lambda z: mp.log(mp.erfc(-mp.mpf(z) / mp.sqrt(2)) / 2), z)] for z in places if z > -1e5]
out["quantile"] = [[p, float(norm.ppf(p))] for p in (1e-12, 1e-6, 0.01, 0.02425, 0.3, 0.5, 0.8, 0.9999)]

kernel = Matern(length_scale=1.0, nu=2.5)
out["matern"] = [[float(r * r), float(kernel([[0.0]], [[r]])[0, 0])] for r in (0.0, 1e-3, 0.1, 0.5, 1.0, 2.0, 7.0)]

dimensions = 64
out["sobol"] = [[int(round(c * 2**30)) for c in row] for row in qmc.Sobol(dimensions, scramble=False).random(32)]

# A Gaussian process with length-scales of its own for each dimension, a constant, and noise; the
# gradient is by the logarithms of: length-scales, signal variance, noise variance.
rng = np.random.default_rng(7)
x = rng.random((14, 3))
y = np.sin(5 * x[:, 0]) + x[:, 1] ** 2 + 0.1 * rng.standard_normal(14)
y = (y - y.mean()) / y.std()
lengths, signal, noise, constant = [0.4, 0.9, 2.5], 1.7, 0.02, 1.0
covariance = ConstantKernel(signal) * Matern(lengths, nu=2.5) + ConstantKernel(constant, "fixed") + WhiteKernel(noise)
process = GaussianProcessRegressor(covariance, alpha=0.0, optimizer=None).fit(x, y)
value, gradient = process.log_marginal_likelihood(process.kernel_.theta, eval_gradient=True)
new = rng.random((9, 3)) * 1.4 - 0.2
mean, deviation = process.predict(new, return_std=True)
out["process"] = {
    "points": x.tolist(), "scores": y.tolist(), "theta": np.log([*lengths, signal, noise]).tolist(),
    "log_likelihood": float(value),
    # scikit-learn orders them: signal, length-scales, noise.
    "gradient": [*map(float, gradient[1:4]), float(gradient[0]), float(gradient[4])],
    "new": new.tolist(), "mean": mean.tolist(), "variance": (deviation**2 - noise).tolist(),
}
print(json.dumps(out, indent=None, separators=(",", ":")))
